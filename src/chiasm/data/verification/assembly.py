"""Assemble: verify the raw rows of any reader and build the Table."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from chiasm.cache.store import cache_folder
from chiasm.data.labels import spell_label
from chiasm.data.media.audio import inspect_audio
from chiasm.data.media.facts import Facts, Value
from chiasm.data.media.image_facts import ImageFactsCache
from chiasm.data.media.kinds import Kind
from chiasm.data.media.locations import locate_audio, locate_image
from chiasm.data.readers.columns import MODALITIES, Columns, find_columns
from chiasm.data.readers.raw import RawRows
from chiasm.data.table import Problem, Table
from chiasm.data.verification.features import read_features
from chiasm.data.verification.findings import Findings
from chiasm.data.verification.values import (
    verify_files,
    verify_ids,
    verify_labels,
    verify_names,
    verify_texts,
)
from chiasm.errors import DataError

OnBad = Literal["keep", "drop", "fail"]
_SHOWN = 5


def assemble(
    raw: RawRows,
    *,
    columns: Columns,
    features: Mapping[str, str],
    on_bad: OnBad,
    allow_outside: bool,
) -> Table:
    """Find the columns, verify every value and build the Table.

    Raises:
        DataError: no rows, no such column, features that do not fit the rows, or any problem at
            all with ``on_bad="fail"``.
    """
    parts = find_columns(columns, raw.columns, features=features.values())
    cells = {part: raw.columns[name] for part, name in parts.items()}
    size = len(raw)
    if size == 0:
        raise DataError(f"{raw.source} has no rows.")
    findings = Findings()
    for row, reason in raw.broken.items():
        findings.add(row, "row", reason, "set aside")
    for row, reason in raw.doubtful.items():
        findings.add(row, "row", reason, "noted")
    whole = [row for row in range(size) if row not in raw.broken]

    ids = [str(row + 1) for row in range(size)]
    nothing: list[str | None] = [None] * size
    labels, split, group = nothing, nothing, nothing
    facts: dict[str, tuple[Facts | None, ...]] = {}
    digests: dict[str, tuple[str | None, ...]] = {}
    widths: dict[str, int] = {}
    values: dict[str, tuple[Value | None, ...]] = {}
    read_from = list(raw.files)
    if "id" in cells:
        ids = verify_ids(cells["id"], whole, findings)
    kinds = {part: kind for part, kind in MODALITIES.items() if part in cells}
    for modality, kind in kinds.items():
        if kind == "text":
            texts, published = verify_texts(modality, cells[modality], whole, findings)
            values[modality], digests[modality] = tuple(texts), tuple(published)
        else:
            files, told = _verify_media(
                modality, kind, cells[modality], whole, findings, raw, allow_outside=allow_outside
            )
            values[modality], facts[modality] = tuple(files), tuple(told)
    for name, origin in features.items():
        vectors, widths[name], feature_files = read_features(
            name, origin, raw, whole, findings, allow_outside=allow_outside
        )
        values[name] = tuple(vectors)
        read_from += feature_files
    for row in whole:
        if all(column[row] is None for column in values.values()):
            findings.add(row, "row", f"no readable {' or '.join(values)}", "set aside")
    if "label" in cells:
        labels = verify_labels(cells["label"], whole, findings)
    if "split" in cells:
        split = verify_names("split", cells["split"], whole, findings, spell=spell_label)
    if "group" in cells:
        group = verify_names("group", cells["group"], whole, findings, spell=spell_label)

    set_aside = findings.rows("set aside")
    table = Table(
        source=raw.source,
        encoding=raw.encoding.name if raw.encoding else None,
        encoding_note=raw.encoding.note if raw.encoding else None,
        ids=tuple(ids),
        values=values,
        labels=tuple(labels),
        split=tuple(split),
        group=tuple(group),
        usable=tuple(row not in set_aside for row in range(size)),
        problems=findings.problems(ids, dropped=on_bad == "drop"),
        kinds=kinds,
        facts=facts,
        text_digests=digests,
        widths=widths,
        columns=tuple(raw.columns),
        files=tuple(read_from),
    )
    if on_bad == "fail" and table.problems:
        raise DataError(_refusal(table.source, table.problems))
    if on_bad == "drop":
        affected = findings.rows()
        return table.take([row for row in range(size) if row not in affected])
    return table


def _verify_media(
    modality: str,
    kind: Kind,
    cells: Sequence[Any],
    rows: Sequence[int],
    findings: Findings,
    raw: RawRows,
    *,
    allow_outside: bool,
) -> tuple[Sequence[Path | bytes | None], Sequence[Facts | None]]:
    """Where each image or audio clip is, and what decoding it once told."""
    verify = partial(verify_files, modality, cells, rows, findings)
    if kind == "audio":
        locate = partial(locate_audio, folders=raw.folders, allow_outside=allow_outside)
        return verify(locate=locate, inspect=inspect_audio)
    locate = partial(locate_image, folders=raw.folders, allow_outside=allow_outside)
    memory = ImageFactsCache(cache_folder())
    found = verify(locate=locate, inspect=memory.inspect)
    memory.keep()
    return found


def _refusal(source: str, problems: tuple[Problem, ...]) -> str:
    lines = [f"{source} has {len(problems)} problems:"]
    for problem in problems[:_SHOWN]:
        detail = f" ({problem.detail})" if problem.detail else ""
        lines.append(f"  row {problem.row}: {problem.reason}{detail}")
    if len(problems) > _SHOWN:
        lines.append(f"  and {len(problems) - _SHOWN} more")
    lines.append("Correct them, or go on without these values (`on_bad` keep) or rows (drop).")
    return "\n".join(lines)

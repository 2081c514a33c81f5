"""Verify: one column of raw cells at a time; what is unreadable becomes None and a finding."""

import hashlib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

from chiasm.data.labels import clean_scalar, is_nothing, spell_label
from chiasm.data.media.facts import ImageFacts
from chiasm.data.media.inspection import inspect_all
from chiasm.data.table import Action
from chiasm.data.verification.findings import Findings
from chiasm.errors import UnreadableExample
from chiasm.utils.encodings import is_undecodable

_Facts = TypeVar("_Facts")


def verify_texts(
    part: str, cells: Sequence[Any], rows: Sequence[int], findings: Findings
) -> tuple[list[str | None], list[str | None]]:
    """The stripped texts, and the digests of the texts as they were."""
    texts: list[str | None] = [None] * len(cells)
    digests: list[str | None] = [None] * len(cells)
    for row in rows:
        cell = "" if is_nothing(cells[row]) else cells[row]
        if isinstance(cell, UnreadableExample):
            findings.add(row, part, cell.reason, "marked missing")
        elif not isinstance(cell, str | int | float):
            findings.add(row, part, "not a text", "marked missing", f"a {type(cell).__name__}")
        elif is_undecodable(str(cell)):
            findings.add(row, part, "undecodable text", "marked missing")
        elif not str(cell).strip():
            findings.add(row, part, "empty text", "marked missing")
        else:
            texts[row] = str(cell).strip()
            digests[row] = hashlib.sha256(str(cell).encode()).hexdigest()
    return texts, digests


def verify_files(
    part: str,
    cells: Sequence[Any],
    rows: Sequence[int],
    findings: Findings,
    *,
    locate: Callable[[Any], Path | bytes | None],
    inspect: Callable[[Path | bytes], _Facts],
) -> tuple[list[Path | bytes | None], list[_Facts | None]]:
    """Where each image or audio is, and what decoding it once told."""
    sources: list[Path | bytes | None] = [None] * len(cells)
    facts: list[_Facts | None] = [None] * len(cells)

    def find(cell: Any) -> Path | bytes | UnreadableExample:
        if isinstance(cell, UnreadableExample):
            return cell
        try:
            found = locate(cell)
        except UnreadableExample as error:
            return error
        return UnreadableExample(f"missing {part}") if found is None else found

    located = {row: find(cells[row]) for row in rows}
    inspected = inspect_all(
        (source for source in located.values() if not isinstance(source, UnreadableExample)),
        inspect,
        part=part,
    )
    for row, source in located.items():
        result = source if isinstance(source, UnreadableExample) else inspected[source]
        if isinstance(result, UnreadableExample):
            detail = str(cells[row]) if isinstance(cells[row], str | Path) else ""
            findings.add(row, part, result.reason, "marked missing", detail)
        elif not isinstance(source, UnreadableExample):
            sources[row], facts[row] = source, result
            if isinstance(result, ImageFacts) and not result.is_whole:
                findings.add(row, part, "end of the image is missing", "noted")
    return sources, facts


def verify_labels(
    cells: Sequence[Any], rows: Sequence[int], findings: Findings
) -> list[str | None]:
    """The labels; a literal ``null`` says that the row is unlabelled on purpose."""
    said = [row for row in rows if not _is_null(cells[row])]
    return verify_names("label", cells, said, findings, spell=spell_label, unreadable="set aside")


def verify_ids(cells: Sequence[Any], rows: Sequence[int], findings: Findings) -> list[str]:
    """The ids; a row without one is called by its place, unless another row has that name."""
    names = verify_names("id", cells, rows, findings)
    seen: set[str] = set()
    for row, name in enumerate(names):
        if name in seen:
            findings.add(row, "id", "duplicate id", "set aside")
        elif name is not None:
            seen.add(name)
    return [_call(row, but=seen) if name is None else name for row, name in enumerate(names)]


def verify_names(
    part: str,
    cells: Sequence[Any],
    rows: Sequence[int],
    findings: Findings,
    *,
    spell: Callable[[Any], str | None] = clean_scalar,
    unreadable: Action = "noted",
) -> list[str | None]:
    """Words and numbers in their one spelling."""
    names: list[str | None] = [None] * len(cells)
    for row in rows:
        name = _spell(cells[row], spell)
        if isinstance(name, UnreadableExample):
            findings.add(row, part, f"unreadable {part}", unreadable, name.reason)
        elif name is None:
            findings.add(row, part, f"no {part}", "noted")
        else:
            names[row] = name
    return names


def _call(row: int, *, but: Collection[str]) -> str:
    name = f"row {row + 1}"
    while name in but:
        name += " (without id)"
    return name


def _spell(cell: Any, spell: Callable[[Any], str | None]) -> str | UnreadableExample | None:
    if isinstance(cell, UnreadableExample):
        return cell
    try:
        return spell(cell)
    except UnreadableExample as error:
        return error


def _is_null(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and cell.strip() == "null")

"""check: what a data set holds, and what in it would mislead a model or its judging."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any, TypeAlias

import numpy as np

from chiasm.data.checking.near_labels import near_twins
from chiasm.data.duplicates.groups import find_groups, modality_keys
from chiasm.data.media.facts import AudioFacts, ImageFacts
from chiasm.data.media.kinds import Kind
from chiasm.data.table import Problem, Table

TINY = 16  # pixels of the shorter side; less holds nothing to see
_EXAMPLES = 5
# How alike the values of a kind are that tie rows.
_TIED: dict[Kind, str] = {"text": "near", "image": "near", "audio": "exact"}
Keys: TypeAlias = Sequence[Hashable | None]  # equal keys tie rows, None ties nothing


@dataclass(frozen=True)
class Groups:
    """Groups of two rows or more: how many, of how many rows in all, and some by their ids."""

    groups: int
    rows: int
    largest: int
    examples: list[list[str]]


@dataclass(frozen=True)
class Leakage:
    """Rows to be predicted or judged by that have a twin to learn from.

    ``unlabelled`` are ids of unlabelled rows with a labelled twin. ``split`` has, for each part
    that the split column names, the ids of its rows with a twin in another part (a row of the same
    group counts as one); None without a split column.
    """

    unlabelled: list[str]
    split: dict[str, list[str]] | None


@dataclass(frozen=True)
class ProblemCount:
    """How many rows have one problem; examples are row ids with what is particular to them."""

    field: str
    reason: str
    action: str
    rows: int
    examples: list[dict[str, str]]


@dataclass(frozen=True)
class Sizes:
    """Characters of the texts, pixels of the images' shorter sides, or seconds of the audio."""

    minimum: float
    median: float
    maximum: float


@dataclass(frozen=True)
class CheckReport:
    """What ``check`` found. All but ``rows``, ``set_aside`` and ``problems`` is of the usable rows.

    ``encoding_note`` is that of the table. ``near_twins`` are pairs of classes that may be one,
    written twice. ``present`` counts the rows that have each modality, ``tiny_images`` those under
    16 pixels.
    ``duplicates`` are by modality and how equal it is, as here of modalities named as their kind:
    "text_exact" (byte-equal), "text_stripped" (equal once outer whitespace is gone), "text_near"
    (equal once normalised), "image_exact", "image_near" (pHash distance of at most 4),
    "audio_exact", and "any": tied by near text, near image, equal audio or the group column,
    directly or not. ``conflicts`` are the groups of "text" (near), "image" (near), "audio" (exact)
    and "any" with several labels.
    """

    source: str
    encoding: str | None
    encoding_note: str | None
    rows: int
    labelled: int
    unlabelled: int
    set_aside: int
    present: dict[str, int]
    classes: dict[str, int]
    near_twins: list[tuple[str, str]]
    majority_accuracy: float | None
    duplicates: dict[str, Groups]
    conflicts: dict[str, Groups]
    leakage: Leakage
    problems: list[ProblemCount]
    text_characters: Sizes | None
    image_pixels: Sizes | None
    tiny_images: int
    audio_seconds: Sizes | None

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return asdict(self)


def check(table: Table) -> CheckReport:
    """Examine a table; nothing is changed or repaired."""
    usable = table.take(np.flatnonzero(table.usable))
    classes = Counter(str(usable.labels[row]) for row in usable.labelled)
    ties = modality_keys(usable)
    groups = find_groups(usable).tolist()
    tying = {f"{name}_{_TIED[usable.kinds[name]]}": keys for name, keys in ties.items()}
    texts = [text for name in usable.of_kind("text") for text in usable.values[name]]
    lengths = [len(str(text)) for text in texts if text is not None]
    facts = [one for column in usable.facts.values() for one in column]
    sides = [min(one.width, one.height) for one in facts if isinstance(one, ImageFacts)]
    seconds = [one.seconds for one in facts if isinstance(one, AudioFacts)]
    return CheckReport(
        source=table.source,
        encoding=table.encoding,
        encoding_note=table.encoding_note,
        rows=len(table),
        labelled=len(usable.labelled),
        unlabelled=len(usable) - len(usable.labelled),
        set_aside=len(table) - len(usable),
        present={
            name: sum(value is not None for value in column)
            for name, column in usable.values.items()
        },
        classes=dict(classes.most_common()),
        near_twins=near_twins(sorted(classes)),
        majority_accuracy=max(classes.values()) / sum(classes.values()) if classes else None,
        duplicates={
            name: _describe(usable, _members(keys))
            for name, keys in (_equal(usable) | tying | {"any": groups}).items()
        },
        conflicts={
            name: _describe(usable, _conflicting(usable, keys))
            for name, keys in (ties | {"any": groups}).items()
        },
        leakage=_find_leakage(usable, groups),
        problems=count_problems(table),
        text_characters=_measure(lengths),
        image_pixels=_measure(sides),
        tiny_images=sum(side < TINY for side in sides),
        audio_seconds=_measure(seconds),
    )


def _equal(table: Table) -> dict[str, Keys]:
    """What else makes rows equal, besides what ties them into groups that no split may part."""
    keys: dict[str, Keys] = {}
    for name, kind in table.kinds.items():
        if kind == "text":
            texts = table.values[name]
            keys[f"{name}_exact"] = table.text_digests[name]
            keys[f"{name}_stripped"] = [None if text is None else str(text) for text in texts]
        elif kind == "image":
            keys[f"{name}_exact"] = [facts and facts.digest for facts in table.facts[name]]
    return keys


def _members(keys: Keys) -> list[list[int]]:
    """Positions of the rows of each key that several rows have."""
    rows: dict[Hashable, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        if key is not None:
            rows[key].append(row)
    return [members for members in rows.values() if len(members) > 1]


def _conflicting(table: Table, keys: Keys) -> list[list[int]]:
    def labels(members: list[int]) -> set[str | None]:
        return {table.labels[row] for row in members} - {None}

    return [members for members in _members(keys) if len(labels(members)) > 1]


def _describe(table: Table, members: list[list[int]]) -> Groups:
    sizes = [len(rows) for rows in members]
    largest_first = sorted(members, key=len, reverse=True)
    return Groups(
        groups=len(sizes),
        rows=sum(sizes),
        largest=max(sizes, default=0),
        examples=[
            [table.ids[row] for row in rows[:_EXAMPLES]] for rows in largest_first[:_EXAMPLES]
        ],
    )


def _find_leakage(table: Table, groups: Keys) -> Leakage:
    # The group column says what belongs together, not that one row tells the label of another.
    twins = find_groups(replace(table, group=(None,) * len(table))).tolist()
    unlabelled = [label is None for label in table.labels]
    split = _twins_elsewhere(table, groups, table.split)
    return Leakage(
        unlabelled=_twins_elsewhere(table, twins, unlabelled).get(True, []),
        split={str(part): ids for part, ids in split.items()} or None,
    )


def _twins_elsewhere(table: Table, groups: Keys, parts: Keys) -> dict[Hashable, list[str]]:
    """For each part, the ids of its rows whose group also has rows in another part."""
    placed = [(row, part) for row, part in enumerate(parts) if part is not None]
    reach: dict[Hashable, set[Hashable]] = defaultdict(set)
    for row, part in placed:
        reach[groups[row]].add(part)
    found: dict[Hashable, list[str]] = {part: [] for _, part in placed}
    for row, part in placed:
        if len(reach[groups[row]]) > 1:
            found[part].append(table.ids[row])
    return found


def count_problems(table: Table) -> list[ProblemCount]:
    """The rows of each kind of problem, the most frequent kinds first."""
    kinds: dict[tuple[str, str, str], list[Problem]] = defaultdict(list)
    for problem in table.problems:
        kinds[problem.field, problem.reason, problem.action].append(problem)
    return [
        ProblemCount(
            *kind,
            rows=len(found),
            examples=[{"row": p.row, "detail": p.detail} for p in found[:_EXAMPLES]],
        )
        for kind, found in sorted(kinds.items(), key=lambda item: -len(item[1]))
    ]


def _measure(sizes: Sequence[float]) -> Sizes | None:
    return Sizes(min(sizes), float(median(sizes)), max(sizes)) if sizes else None

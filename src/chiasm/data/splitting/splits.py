"""Splits: stratified by label and grouped by duplicates, so that no part leaks into another.

A split depends on the ids of the rows and on the seed, not on the order of the file.
"""

import hashlib
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from chiasm.data.splitting.stratified_groups import StratifiedGroups
from chiasm.data.table import Problem, Table
from chiasm.errors import DataError
from chiasm.utils.arrays import Indices

Labels: TypeAlias = np.ndarray[Any, np.dtype[np.str_]]
_NAMED = 3
_SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}


@dataclass(frozen=True)
class Fold:
    """Positions in the table of the rows to train on and of the rows to judge by."""

    train: Indices
    test: Indices


def grouped_folds(
    table: Table, rows: Indices, *, folds: int, seed: int, groups: Indices
) -> list[Fold]:
    """Partition the given rows into test parts of about equal size and class balance.

    Rows of one group fall into one part. ``groups`` is the number of each row of the table, as
    from ``duplicate_groups``. The rows of ``rare_rows`` are tested in no fold, and trained on in
    each that does not test a duplicate of theirs.

    Raises:
        DataError: fewer than two folds or classes, or too few rows or groups for that many folds.
    """
    if folds < 2:
        raise DataError(f"`folds` is 2 or more, not {folds}.")
    rows = _in_seeded_order(table, rows, seed)
    rare = rare_rows(table, rows, groups, least=folds)
    divided = rows[~np.isin(rows, rare)]
    _check_enough(table, rows, divided, groups, folds)
    return [
        Fold(train=_rest(rows, divided[test], groups), test=np.sort(divided[test]))
        for _, test in _partition(table, divided, groups, folds)
    ]


def hold_out(
    table: Table, rows: Indices, *, fraction: float, seed: int, groups: Indices
) -> tuple[Indices, Indices]:
    """Part the given rows into the rest and a held-out part of about this fraction of them.

    ``groups`` as in ``grouped_folds``. The rows of ``rare_rows`` are not held out, nor are their
    duplicates where enough others are.

    Raises:
        DataError: a fraction beyond (0, 0.5], or rows that cannot be parted that way.
    """
    if not 0 < fraction <= 0.5:
        raise DataError(f"The fraction to hold out is above 0 and at most 0.5, not {fraction}.")
    rows = _in_seeded_order(table, rows, seed)
    rare = rare_rows(table, rows, groups)
    divided = rows[~np.isin(rows, rare)]
    _, counts = np.unique(_labels(table, divided), return_counts=True)
    distinct = len(np.unique(groups[divided]))
    parts = min(round(1 / fraction), distinct, int(counts.max(initial=0)))
    held = divided[:0]
    if parts >= 2:
        rest, held = (divided[part] for part in _partition(table, divided, groups, parts)[0])
        # By chance all groups of a class may come to lie there.
        lost = held[~np.isin(_labels(table, held), _labels(table, rest))]
        held = held[~np.isin(groups[held], groups[lost])]
        apart = held[~np.isin(groups[held], groups[rare])]
        held = apart if 2 * len(apart) >= len(held) else held
    if not len(held):
        alone = f", {len(rare):,} of them alone in their class but for duplicates,"
        raise DataError(
            f"{len(rows):,} rows in {len(np.unique(groups[rows])):,} groups of duplicates"
            f"{alone if len(rare) else ''} are too few to hold some of them out for validation: "
            "two groups of a class are needed at least. Add labelled rows of each class that "
            "differ, or choose what makes rows duplicates with `group_by`."
        )
    return _rest(rows, held, groups), np.sort(held)


def rare_rows(table: Table, rows: Indices, groups: Indices, *, least: int = 1) -> Indices:
    """Those of the given rows that no split can part, since all of their class are on one side.

    These are the rows of classes with fewer than ``least`` rows or with a single group of
    duplicates. Which they are does not depend on any seed.
    """
    labels = _labels(table, rows)
    names, counts = np.unique(labels, return_counts=True)
    spread = np.unique(np.stack([labels, groups[rows].astype(str)]), axis=1)[0]
    single = np.unique(spread, return_counts=True)[1] == 1
    return np.sort(rows[np.isin(labels, names[single | (counts < least)])])


def _rest(rows: Indices, held: Indices, groups: Indices) -> Indices:
    """The rows of which no duplicate is held out."""
    return np.sort(rows[~np.isin(groups[rows], groups[held])])


def rare_problems(
    table: Table, rows: Indices, groups: Indices, *, where: str, least: int = 1
) -> tuple[Problem, ...]:
    """A note on each of ``rare_rows``; ``where`` says what happens to them."""
    return tuple(
        Problem(
            row=table.ids[row],
            field="label",
            reason=f"class too rare to be split: {where}",
            action="noted",
            detail=str(table.labels[row]),
            position=int(row),
        )
        for row in rare_rows(table, rows, groups, least=least)
    )


def given_split(table: Table) -> dict[str, Indices] | None:
    """The labelled rows of "train", "validation" and "test" as the data itself says.

    None where it says nothing; rows of which it says nothing are in no part.

    Raises:
        DataError: a split of another name.
    """
    said = {name for name in table.split if name is not None}
    if not said:
        return None
    unknown = sorted(name for name in said if name.lower() not in _SPLIT_NAMES)
    if unknown:
        raise DataError(
            f"The split column of {table.source} says {', '.join(map(repr, unknown))}; it may say "
            f"{', '.join(_SPLIT_NAMES)}. Rename these values, or rename the column if it is none."
        )
    parts: dict[str, list[int]] = {}
    for row in table.labelled:
        name = table.split[row]
        if name is not None:
            parts.setdefault(_SPLIT_NAMES[name.lower()], []).append(int(row))
    return {name: np.array(rows, dtype=np.int64) for name, rows in parts.items()}


def development_rows(table: Table) -> Indices:
    """The labelled rows, but for a test part that the data itself names.

    Raises:
        DataError: a split of another name.
    """
    test = (given_split(table) or {}).get("test", np.empty(0, dtype=np.int64))
    return np.setdiff1d(table.labelled, test)


def evaluated_rows(table: Table) -> Indices:
    """The rows to judge a model by: the test part that the data itself names, else all labelled.

    Raises:
        DataError: a split of another name.
    """
    return (given_split(table) or {}).get("test", table.labelled)


def _labels(table: Table, rows: Indices) -> Labels:
    return np.array([str(table.labels[row]) for row in rows], dtype=str)


def _in_seeded_order(table: Table, rows: Indices, seed: int) -> Indices:
    def rank(row: int) -> bytes:
        return hashlib.sha256(f"{seed} {table.ids[row]}".encode()).digest()

    return np.array(sorted((int(row) for row in rows), key=rank), dtype=np.int64)


def _partition(
    table: Table, rows: Indices, groups: Indices, parts: int
) -> list[tuple[Indices, Indices]]:
    labels = [str(table.labels[row]) for row in rows]
    # Numbered by first appearance: how the groups were numbered must not matter either.
    number: dict[int, int] = {}
    numbers = [number.setdefault(int(groups[row]), len(number)) for row in rows]
    splitter = StratifiedGroups(parts)
    with warnings.catch_warnings():
        # A class too rare for every part is no concern of a single held-out part.
        warnings.filterwarnings("ignore", message="The least populated class")
        return list(splitter.split(np.zeros(len(rows)), labels, numbers))


def _check_enough(
    table: Table, rows: Indices, divided: Indices, groups: Indices, folds: int
) -> None:
    """Make sure that there are two classes to judge by in so many folds."""
    names = table.classes_of(rows)
    if len(names) < 2:
        found = f"only the class {names[0]!r}" if names else "no labelled row"
        raise DataError(f"{table.source} has {found}. A classifier needs two classes or more.")
    evaluated = table.classes_of(divided)
    if len(evaluated) < 2:
        raise DataError(
            f"{table.source} has {len(evaluated) or 'no'} class that can be judged in {folds} "
            "folds, and two are needed. Too rare to be trained on and judged by in each: "
            f"{_tell_rare(table, rows, groups, but=evaluated)}. Add rows of these classes"
            f"{_tell_fewer(table, rows, groups, folds)}, or choose what makes rows duplicates with "
            "`group_by`."
        )
    distinct = len(np.unique(groups[divided]))
    if distinct < folds:
        raise DataError(
            f"The labelled rows form {distinct} groups of duplicates, fewer than the {folds} "
            "folds. Ask for fewer `folds`, or choose what makes rows duplicates with `group_by`."
        )


def _tell_rare(table: Table, rows: Indices, groups: Indices, *, but: Collection[str]) -> str:
    """Some classes, with their rows and what ties these."""
    told = []
    for name in [name for name in table.classes_of(rows) if name not in but][:_NAMED]:
        own = groups[rows[_labels(table, rows) == name]]
        tied = ", all duplicates of one another" if len(own) > 1 == len(np.unique(own)) else ""
        told.append(f"{name!r} ({len(own):,} {'row' if len(own) == 1 else 'rows'}{tied})")
    return ", ".join(told)


def _tell_fewer(table: Table, rows: Indices, groups: Indices, folds: int) -> str:
    """The advice to ask for fewer folds, if there are any that work."""
    for fewer in range(folds - 1, 1, -1):
        divided = np.setdiff1d(rows, rare_rows(table, rows, groups, least=fewer))
        if len(table.classes_of(divided)) > 1:
            return f", ask for `folds` {fewer}"
    return ""

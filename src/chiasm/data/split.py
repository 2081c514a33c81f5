"""Splits: stratified by label and grouped by duplicates, so that no part leaks into another.

A split depends on the ids of the rows and on the seed, not on the order of the file.
"""

import hashlib
import warnings
from dataclasses import dataclass

import numpy as np

from chiasm.data.components import Positions
from chiasm.data.stratified_groups import StratifiedGroups
from chiasm.data.table import Table
from chiasm.errors import DataError

_SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}


@dataclass(frozen=True)
class Fold:
    """Positions in the table of the rows to train on and of the rows to judge by."""

    train: Positions
    test: Positions


def grouped_folds(
    table: Table, rows: Positions, *, folds: int, seed: int, groups: Positions
) -> list[Fold]:
    """Partition the given rows into test parts of about equal size and class balance.

    Rows of one group fall into one part. ``groups`` is the number of each row of the table, as
    from ``duplicate_groups``.

    Raises:
        DataError: fewer than two folds or classes, or too few rows or groups for that many folds.
    """
    if folds < 2:
        raise DataError(f"--folds is 2 or more, not {folds}.")
    rows = _in_seeded_order(table, rows, seed)
    _check_enough(table, rows, groups, folds)
    return [
        Fold(train=np.sort(rows[rest]), test=np.sort(rows[test]))
        for rest, test in _partition(table, rows, groups, folds)
    ]


def hold_out(
    table: Table, rows: Positions, *, fraction: float, seed: int, groups: Positions
) -> tuple[Positions, Positions]:
    """Part the given rows into the rest and a held-out part of about this fraction of them.

    ``groups`` as in ``grouped_folds``.

    Raises:
        DataError: a fraction beyond (0, 0.5], or rows that cannot be parted that way.
    """
    if not 0 < fraction <= 0.5:
        raise DataError(f"The fraction to hold out is above 0 and at most 0.5, not {fraction}.")
    rows = _in_seeded_order(table, rows, seed)
    names, counts = np.unique([str(table.labels[row]) for row in rows], return_counts=True)
    distinct = len(np.unique(groups[rows]))
    parts = min(round(1 / fraction), distinct, int(counts.max(initial=0)))
    if parts < 2:
        raise DataError(
            f"{len(rows)} rows in {distinct} groups of duplicates are too few to hold some of them "
            "out for validation. Add labelled rows."
        )
    rest, held = _partition(table, rows, groups, parts)[0]
    lost = sorted(set(names) - {str(table.labels[row]) for row in rows[rest]})
    if lost:
        raise DataError(
            f"Every row of class {lost[0]!r} would be held out for validation and none trained on: "
            "they are one group of duplicates. Add rows of that class."
        )
    return np.sort(rows[rest]), np.sort(rows[held])


def given_split(table: Table) -> dict[str, Positions] | None:
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


def development_rows(table: Table) -> Positions:
    """The labelled rows, but for a test part that the data itself names.

    Raises:
        DataError: a split of another name.
    """
    test = (given_split(table) or {}).get("test", np.empty(0, dtype=np.int64))
    return np.setdiff1d(table.labelled, test)


def judged_rows(table: Table) -> Positions:
    """The rows to judge a model by: the test part that the data itself names, else all labelled.

    Raises:
        DataError: a split of another name.
    """
    return (given_split(table) or {}).get("test", table.labelled)


def _in_seeded_order(table: Table, rows: Positions, seed: int) -> Positions:
    def place(row: int) -> bytes:
        return hashlib.sha256(f"{seed} {table.ids[row]}".encode()).digest()

    return np.array(sorted((int(row) for row in rows), key=place), dtype=np.int64)


def _partition(
    table: Table, rows: Positions, groups: Positions, parts: int
) -> list[tuple[Positions, Positions]]:
    labels = [str(table.labels[row]) for row in rows]
    # Numbered by first appearance: how the groups were numbered must not matter either.
    number: dict[int, int] = {}
    numbers = [number.setdefault(int(groups[row]), len(number)) for row in rows]
    splitter = StratifiedGroups(parts)
    with warnings.catch_warnings():
        # A class too rare for every part is no concern of a single held-out part.
        warnings.filterwarnings("ignore", message="The least populated class")
        return list(splitter.split(np.zeros(len(rows)), labels, numbers))


def _check_enough(table: Table, rows: Positions, groups: Positions, folds: int) -> None:
    labels = np.array([str(table.labels[row]) for row in rows])
    names, counts = np.unique(labels, return_counts=True)
    if len(names) < 2:
        found = f"only the class {str(names[0])!r}" if len(names) else "no labelled row"
        raise DataError(f"{table.source} has {found}. A classifier needs two classes or more.")
    rarest = int(counts.argmin())
    if counts[rarest] < folds:
        raise DataError(
            f"Class {str(names[rarest])!r} has {counts[rarest]} rows, fewer than the {folds} "
            f"folds. Ask for --folds {max(2, counts[rarest])}, or add rows of that class."
        )
    distinct = len(np.unique(groups[rows]))
    if distinct < folds:
        raise DataError(
            f"The labelled rows form {distinct} groups of duplicates, fewer than the {folds} "
            "folds. Ask for fewer --folds, or choose what makes rows duplicates with --group-by."
        )
    for name in names:
        if len(np.unique(groups[rows[labels == name]])) == 1:
            raise DataError(
                f"All rows of class {str(name)!r} are one group of duplicates, so they cannot be "
                "both trained on and judged by. Add rows of that class, or choose what makes rows "
                "duplicates with --group-by."
            )

"""Which rows a run trains on, chooses its epoch by, and is tested on; and those of each fold."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chiasm.data.duplicates.groups import duplicate_groups
from chiasm.data.splitting.splits import given_split, grouped_folds, hold_out, rare_problems
from chiasm.data.table import Problem, Table
from chiasm.errors import DataError
from chiasm.tasks.base import Task
from chiasm.tasks.registry import learn_task
from chiasm.training.recipe import Recipe
from chiasm.utils.arrays import Indices


@dataclass(frozen=True)
class SplitRows:
    """Positions in the table; ``test`` is empty where nothing is tested.

    ``problems`` are notes on rows whose class is too rare to be split, or was never trained on.
    """

    train: Indices
    validation: Indices
    test: Indices
    problems: tuple[Problem, ...] = ()


def split_rows(table: Table, recipe: Recipe) -> SplitRows:
    """Follow the data's own split as far as it goes, and hold out a validation part if it has none.

    A split of the data that leaks is followed all the same: ``check`` reports it.

    Raises:
        DataError: no rows to train on, of one class alone, or too few to hold some out; or a label
            of validation or test rows is a misspelled one, or all of theirs are unknown.
    """
    given = given_split(table) or {"train": table.labelled}
    nothing = np.empty(0, dtype=np.int64)
    train = given.get("train", nothing)
    if not len(train):
        others = " and ".join(f"{len(rows):,} {part}" for part, rows in given.items() if len(rows))
        if others:
            raise DataError(
                f"{table.source} has no labelled rows to train on: its own split has {others} "
                "rows. Call some of them train, or leave the column of the split out."
            )
        raise DataError(
            f"{table.source} has no labelled rows to train on. Rows need a label and at least one "
            "readable modality; run chiasm check to see what is wrong with them."
        )
    where = "the train part of its own split" if len(given) > 1 else "all that is labelled"
    task = learn_task(table, train)
    task.check_learnable(table.source, where=where)
    test = given.get("test", nothing)
    unseen = _unseen(table, given, task)
    if "validation" in given:
        return SplitRows(train, given["validation"], test, unseen)
    groups = duplicate_groups(table, by=recipe.group_by)
    rare = rare_problems(table, train, groups, where="trained on, not validated by")
    train, validation = hold_out(
        table,
        train,
        fraction=recipe.training.validation_part(len(train)),
        seed=recipe.training.seed,
        groups=groups,
    )
    return SplitRows(train, validation, test, (*rare, *unseen))


def _unseen(table: Table, given: Mapping[str, Indices], task: Task) -> tuple[Problem, ...]:
    return tuple(
        problem
        for part in ("validation", "test")
        if part in given
        for problem in task.check_labels(table, given[part], what=f"The {part} rows")
    )


def fold_splits(
    table: Table, rows: Indices, recipe: Recipe, *, folds: int, seed: int, groups: Indices
) -> list[SplitRows]:
    """Part the given rows into folds, and hold out a validation part of the training rows of each.

    ``groups`` as in ``grouped_folds``.

    Raises:
        DataError: the rows do not allow that many folds.
    """
    parts = []
    for index, fold in enumerate(grouped_folds(table, rows, folds=folds, seed=seed, groups=groups)):
        train, validation = hold_out(
            table,
            fold.train,
            fraction=recipe.training.validation_part(len(fold.train)),
            seed=seed + index,
            groups=groups,
        )
        parts.append(SplitRows(train, validation, fold.test))
    return parts


def fold_problems(
    table: Table, rows: Indices, *, folds: int, groups: Indices
) -> tuple[Problem, ...]:
    """A note on each row that is in no fold's test part, for its class is too rare."""
    where = "trained on in every fold that tests no duplicate, tested in none"
    return rare_problems(table, rows, groups, where=where, least=folds)

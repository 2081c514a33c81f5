"""Which rows a run trains on, chooses its epoch by, and is tested on."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chiasm.data.duplicates import duplicate_groups
from chiasm.data.split import given_split, hold_out
from chiasm.data.table import Table
from chiasm.errors import DataError
from chiasm.training.recipe import Recipe

Rows = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Parts:
    """Positions in the table; ``test`` is empty where nothing is tested."""

    train: Rows
    validation: Rows
    test: Rows


def part_rows(table: Table, recipe: Recipe) -> Parts:
    """Follow the data's own split as far as it goes, and hold out a validation part if it has none.

    A split of the data that leaks is followed all the same: ``check`` reports it.

    Raises:
        DataError: no rows to train on, or too few to hold some out.
    """
    given = given_split(table) or {"train": table.labelled}
    nothing = np.empty(0, dtype=np.int64)
    train = given.get("train", nothing)
    if not len(train):
        raise DataError(
            f"{table.source} has no labelled rows to train on. Rows need a label and at least one "
            "readable modality; run chiasm check to see what is wrong with them."
        )
    if "validation" in given:
        return Parts(train, given["validation"], given.get("test", nothing))
    train, validation = hold_out(
        table,
        train,
        fraction=recipe.training.validation,
        seed=recipe.training.seed,
        groups=duplicate_groups(table, by=recipe.group_by),
    )
    return Parts(train, validation, given.get("test", nothing))

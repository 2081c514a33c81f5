"""fold_parts: the rows of each fold of a cross-validation."""

from chiasm.data.split import grouped_folds, hold_out, rare_problems
from chiasm.data.table import Problem, Table
from chiasm.training.parts import Parts, Rows
from chiasm.training.recipe import Recipe


def fold_parts(
    table: Table, rows: Rows, recipe: Recipe, *, folds: int, seed: int, groups: Rows
) -> list[Parts]:
    """Part the given rows into folds, and hold out a validation part of the training rows of each.

    ``groups`` as in ``grouped_folds``.

    Raises:
        DataError: the rows do not allow that many folds.
    """
    parts = []
    for index, fold in enumerate(grouped_folds(table, rows, folds=folds, seed=seed, groups=groups)):
        train, validation = hold_out(
            table, fold.train, fraction=recipe.training.validation, seed=seed + index, groups=groups
        )
        parts.append(Parts(train, validation, fold.test))
    return parts


def fold_problems(table: Table, rows: Rows, *, folds: int, groups: Rows) -> tuple[Problem, ...]:
    """A note on each row that is in no fold's test part, for its class is too rare."""
    where = "trained on in every fold that tests no duplicate, tested in none"
    return rare_problems(table, rows, groups, where=where, least=folds)

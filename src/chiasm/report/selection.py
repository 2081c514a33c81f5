"""choose_rows: the rows that a person should look at."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from chiasm.evaluation.label_errors import LabelError, likely_label_errors
from chiasm.utils.arrays import Array

_SHOWN = 6


@dataclass(frozen=True)
class Chosen:
    """Positions of rows: wrong and sure of it, in two minds, and against a doubtful label.

    ``label_errors`` are all of them; ``doubted`` those to show that are not among the others.
    """

    mistakes: tuple[int, ...]
    uncertain: tuple[int, ...]
    doubted: tuple[int, ...]
    label_errors: tuple[LabelError, ...]

    @property
    def shown(self) -> tuple[int, ...]:
        """All that are to be shown, each once."""
        return tuple(sorted({*self.mistakes, *self.uncertain, *self.doubted}))


def choose_rows(probabilities: Array, labels: Array, groups: Array) -> Chosen:
    """The most confident mistakes, the smallest margins between two classes, the likeliest errors.

    Of each group of duplicates one row is shown in each list.

    Args:
        probabilities: ``[n, classes]`` of rows that the model was not trained on.
        labels: class indices ``[n]``.
        groups: which rows are duplicates ``[n]``.
    """
    predicted = probabilities.argmax(axis=1)
    first, second = np.sort(probabilities, axis=1)[:, :-3:-1].T
    surest = np.argsort(-first, kind="stable")
    mistakes = _distinct(surest[predicted[surest] != labels[surest]], groups)
    uncertain = _distinct(np.argsort(first - second, kind="stable"), groups)
    errors = likely_label_errors(probabilities, labels)
    rest = [error.row for error in errors if error.row not in {*mistakes, *uncertain}]
    return Chosen(mistakes, uncertain, _distinct(rest, groups), errors)


def _distinct(rows: Iterable[int], groups: Array) -> tuple[int, ...]:
    """The first rows of as many groups as are shown."""
    first: dict[int, int] = {}
    for row in rows:
        first.setdefault(int(groups[row]), int(row))
        if len(first) == _SHOWN:
            break
    return tuple(first.values())

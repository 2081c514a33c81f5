"""Rows whose label is likely to be wrong."""

from dataclasses import dataclass

import numpy as np

from chiasm.utils.arrays import Array

# A mean of equal numbers may be a hair above them.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class LabelError:
    """A row whose label the model doubts: its position, and the class index that it would give.

    ``margin`` is how much more probable that class is than the given one.
    """

    row: int
    suggested: int
    margin: float


def likely_label_errors(probabilities: Array, labels: Array) -> tuple[LabelError, ...]:
    """Confident learning, the largest margin first.

    Northcutt et al., "Confident Learning: Estimating Uncertainty in Dataset Labels" (2021), eq. 1:
    a row counts as one of class j where its probability of j reaches the mean probability of j
    among the rows labelled j. Those that count as another class than their label are doubted.

    Args:
        probabilities: ``[n, classes]``, of rows that the model was not trained on.
        labels: class indices ``[n]``.
    """
    every = np.arange(len(labels))
    thresholds = np.array(
        [
            probabilities[labels == j, j].mean() if (labels == j).any() else np.inf
            for j in range(probabilities.shape[1])
        ]
    )
    confident = np.where(probabilities >= thresholds - _ROUNDING, probabilities, -np.inf)
    suggested = confident.argmax(axis=1)
    # A label that is also the most probable class is not doubted: cleanlab leaves it alone too.
    doubted = np.isfinite(confident.max(axis=1)) & (suggested != labels)
    doubted &= probabilities.argmax(axis=1) != labels
    # Of a class that the model never saw it cannot tell that a row is none of it.
    doubted &= thresholds[labels] > 0
    margin = probabilities[every, suggested] - probabilities[every, labels]
    rows = np.flatnonzero(doubted)
    return tuple(
        LabelError(int(row), int(suggested[row]), float(margin[row]))
        for row in rows[np.argsort(-margin[rows], kind="stable")]
    )

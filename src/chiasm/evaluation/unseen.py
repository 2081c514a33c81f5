"""admit_unseen: rows whose label a model never saw, among those that it is judged by."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# What all labels that were never seen are to the judge: one more class, which nothing predicts.
NOT_SEEN = "(label not seen in training)"


def admit_unseen(
    probabilities: Array, labels: Array, classes: tuple[str, ...]
) -> tuple[Array, Array, tuple[str, ...]]:
    """Probabilities ``[n, classes]``, class indices ``[n]`` and classes, without an index of -1.

    Where there is one, ``NOT_SEEN`` becomes the last class, of probability 0 in every row: the row
    counts as wrong, and the class has an F1 of 0.
    """
    unseen = labels < 0
    if not unseen.any():
        return probabilities, labels, classes
    nothing = np.zeros_like(probabilities[:, :1])
    return (
        np.concatenate([probabilities, nothing], axis=1),
        np.where(unseen, len(classes), labels),
        (*classes, NOT_SEEN),
    )

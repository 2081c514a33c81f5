"""row_contributions: what each modality adds to the class that a row was called."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chiasm.explain.contributions import Contributions

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class RowContributions:
    """Exact Shapley values of the called class, in probability.

    ``called`` is the class index ``[n]``, ``base`` ``[n]`` the prediction without any modality;
    with ``values`` ``[n, m]`` it sums to the confidence. ``interactions`` ``[n]`` are by pair, as
    "image and text". ``null_mass`` ``[n]`` is by direction.
    """

    modalities: tuple[str, ...]
    called: Array
    base: Array
    values: Array
    interactions: dict[str, Array]
    null_mass: dict[str, Array]


def row_contributions(folds: Sequence[Contributions]) -> RowContributions:
    """The rows of all folds, one after the other, each explained by the model of its fold."""
    called = [one.prediction.argmax(axis=1) for one in folds]
    every = [np.arange(len(classes)) for classes in called]
    parts = list(zip(folds, every, called, strict=True))
    return RowContributions(
        modalities=folds[0].modalities,
        called=np.concatenate(called),
        base=np.concatenate([one.base[classes] for one, _, classes in parts]),
        values=np.concatenate([one.values[rows, :, classes] for one, rows, classes in parts]),
        interactions={
            " and ".join(pair): np.concatenate(
                [one.interactions[pair][rows, classes] for one, rows, classes in parts]
            )
            for pair in folds[0].interactions
        },
        null_mass={
            direction: np.concatenate([one.null_mass[direction] for one in folds])
            for direction in folds[0].null_mass
        },
    )

"""What each modality adds to the predictions of a data set, and to that of one row."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chiasm.explanation.contributions import Contributions
from chiasm.utils.arrays import Array


@dataclass(frozen=True)
class RowContributions:
    """Exact Shapley values of the predicted class, in probability.

    ``predicted`` is the class index ``[n]``, ``base`` ``[n]`` the prediction without any modality;
    with ``values`` ``[n, m]`` it sums to the confidence. ``interactions`` ``[n]`` are by pair, as
    "image and text". ``null_mass`` ``[n]`` is by direction.
    """

    modalities: tuple[str, ...]
    predicted: Array
    base: Array
    values: Array
    interactions: dict[str, Array]
    null_mass: dict[str, Array]


def row_contributions(folds: Sequence[Contributions]) -> RowContributions:
    """The rows of all folds, one after the other, each explained by the model of its fold."""
    predicted = [one.prediction.argmax(axis=1) for one in folds]
    every = [np.arange(len(classes)) for classes in predicted]
    parts = list(zip(folds, every, predicted, strict=True))
    return RowContributions(
        modalities=folds[0].modalities,
        predicted=np.concatenate(predicted),
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


@dataclass(frozen=True)
class MeanContributions:
    """Means over the rows that are predicted to be of one class, in probability of that class.

    ``predicted`` is the class, None: all rows. ``base`` and ``values`` sum to ``confidence``.
    ``decides`` is the share of the rows in which a modality adds the most.
    """

    predicted: str | None
    rows: int
    base: float
    values: dict[str, float]
    interactions: dict[str, float]
    confidence: float
    decides: dict[str, float]


def mean_contributions(
    rows: RowContributions, classes: Sequence[str]
) -> tuple[MeanContributions, ...]:
    """Over all rows, then over those predicted to be of each class, where there are any."""
    by_class = [(name, rows.predicted == index) for index, name in enumerate(classes)]
    return (
        _mean(rows, None, np.ones(len(rows.predicted), dtype=bool)),
        *(_mean(rows, name, counted) for name, counted in by_class if counted.any()),
    )


def _mean(rows: RowContributions, predicted: str | None, counted: Array) -> MeanContributions:
    values = rows.values[counted]
    most = values.argmax(axis=1)
    base, added = float(rows.base[counted].mean()), values.mean(axis=0)
    return MeanContributions(
        predicted=predicted,
        rows=len(values),
        base=base,
        values={m: float(v) for m, v in zip(rows.modalities, added, strict=True)},
        interactions={pair: float(x[counted].mean()) for pair, x in rows.interactions.items()},
        confidence=base + float(added.sum()),
        decides={m: float((most == i).mean()) for i, m in enumerate(rows.modalities)},
    )

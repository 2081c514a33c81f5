"""Exact Shapley values of modalities, from the predictions of all their coalitions."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np

from chiasm.utils.arrays import Floats

Coalition = frozenset[str]


@dataclass(frozen=True)
class ShapleyValues:
    """What each modality adds to a prediction.

    Attributes:
        values: ``[n, classes]`` by modality; with ``base`` they sum to the prediction of all.
        interactions: ``[n, classes]`` by pair of modalities: what the two add together beyond what
            each adds alone.
        base: ``[n, classes]``, the prediction where every modality is missing.
    """

    values: dict[str, Floats]
    interactions: dict[tuple[str, str], Floats]
    base: Floats


def coalitions(modalities: tuple[str, ...]) -> list[Coalition]:
    """Every set of these modalities, the empty one first and all of them last."""
    sizes = range(len(modalities) + 1)
    return [frozenset(chosen) for size in sizes for chosen in combinations(modalities, size)]


def shapley_values(predictions: Mapping[Coalition, Floats]) -> ShapleyValues:
    """Divide the prediction of all modalities among them.

    The value of Shapley, "A Value for n-Person Games" (1953), eq. 13, and the interaction index of
    Grabisch and Roubens (1999), both summed over all coalitions.

    Args:
        predictions: ``[n, classes]`` for each of ``coalitions(modalities)``, with every other
            modality missing.
    """
    everyone = max(predictions, key=len)
    values = {
        modality: sum(
            (
                _weight(len(others), len(everyone) - 1)
                * (predictions[others | {modality}] - predictions[others])
                for others in predictions
                if modality not in others
            ),
            start=np.zeros_like(predictions[everyone]),
        )
        for modality in sorted(everyone)
    }
    interactions = {
        (first, second): sum(
            (
                _weight(len(others), len(everyone) - 2)
                * (
                    predictions[others | {first, second}]
                    - predictions[others | {first}]
                    - predictions[others | {second}]
                    + predictions[others]
                )
                for others in predictions
                if not others & {first, second}
            ),
            start=np.zeros_like(predictions[everyone]),
        )
        for first, second in combinations(sorted(everyone), 2)
    }
    return ShapleyValues(values, interactions, predictions[frozenset()])


def _weight(size: int, others: int) -> float:
    """The share of the orders of the other players in which exactly this coalition comes first."""
    return factorial(size) * factorial(others - size) / factorial(others + 1)

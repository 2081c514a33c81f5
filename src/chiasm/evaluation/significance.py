"""How far a score can be trusted, and whether one model really beats another."""

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

_RESAMPLES = 2000
_LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A bootstrap percentile interval of 95 %."""

    low: float
    high: float


class ClusterBootstrap:
    """Scores of predictions under resampling of the rows, whole groups at a time.

    Rows of one group (duplicates, one speaker) are not independent, so groups are drawn with
    replacement, not rows (Field and Welsh, "Bootstrapping Clustered Data", 2007). The same draws
    serve every model, which makes differences paired.

    Args:
        labels: class indices ``[n]``.
        groups: group of each row ``[n]``.
        classes: how many classes there are.
        seed: of the draws.
    """

    def __init__(self, labels: Array, groups: Array, *, classes: int, seed: int) -> None:
        self._labels = labels
        self._classes = classes
        _, self._groups = np.unique(groups, return_inverse=True)
        count = int(self._groups.max()) + 1
        chances = np.full(count, 1.0 / count)
        draws = np.random.default_rng(seed).multinomial(count, chances, size=_RESAMPLES)
        # [resamples, groups]: how often each group was drawn
        self._draws = draws.astype(np.float64)

    def accuracy(self, predicted: Array) -> Array:
        """Accuracy in every resample ``[resamples]``."""
        confusion = self._confusion(predicted)
        scores: Array = np.trace(confusion, axis1=1, axis2=2) / confusion.sum(axis=(1, 2))
        return scores

    def macro_f1(self, predicted: Array) -> Array:
        """Macro-F1 in every resample ``[resamples]``, over the classes that occur in it."""
        confusion = self._confusion(predicted)
        hits = np.diagonal(confusion, axis1=1, axis2=2)
        actual, called = confusion.sum(axis=2), confusion.sum(axis=1)
        f1 = 2 * hits / np.maximum(actual + called, 1)
        occurring = actual > 0
        scores: Array = (f1 * occurring).sum(axis=1) / occurring.sum(axis=1)
        return scores

    def _confusion(self, predicted: Array) -> Array:
        cells = self._classes**2
        by_group = np.zeros((self._draws.shape[1], cells))
        np.add.at(by_group, (self._groups, self._labels * self._classes + predicted), 1.0)
        # [resamples, classes, classes]
        return (self._draws @ by_group).reshape(-1, self._classes, self._classes)


def interval(resampled: Array) -> Interval:
    """The middle 95 % of resampled scores or differences."""
    tail = (1 - _LEVEL) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Interval(low=float(low), high=float(high))

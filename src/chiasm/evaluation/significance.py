"""How far a score can be trusted, and whether one model really beats another."""

from dataclasses import dataclass

import numpy as np

from chiasm.utils.arrays import Array

_RESAMPLES = 2000
_LEVEL = 0.95
_BLOCK = 50


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
        num_classes: how many classes there are.
        seed: of the draws.
    """

    def __init__(self, labels: Array, groups: Array, *, num_classes: int, seed: int) -> None:
        self._labels = labels
        self._num_classes = num_classes
        _, self._groups = np.unique(groups, return_inverse=True)
        count = int(self._groups.max()) + 1
        rng = np.random.default_rng(seed)
        # [resamples, groups]: how often each group was drawn, which is never often
        self._draws = np.empty((_RESAMPLES, count), dtype=np.uint8)
        for draw in self._draws:
            draw[:] = np.bincount(rng.integers(count, size=count), minlength=count)
        self._actual = self._count(labels)

    def accuracy(self, predicted: Array) -> Array:
        """Accuracy in every resample ``[resamples]``."""
        scores: Array = self._hits(predicted).sum(axis=1) / self._actual.sum(axis=1)
        return scores

    def macro_f1(self, predicted: Array) -> Array:
        """Macro-F1 in every resample ``[resamples]``, over the classes that occur in it."""
        predicted_counts = self._count(predicted)
        f1 = 2 * self._hits(predicted) / np.maximum(self._actual + predicted_counts, 1)
        occurring = self._actual > 0
        scores: Array = (f1 * occurring).sum(axis=1) / occurring.sum(axis=1)
        return scores

    def mean(self, values: Array) -> Array:
        """Mean of a number of each row ``[n]`` in every resample ``[resamples]``."""
        by_group = np.bincount(self._groups, weights=values)
        means: Array = self._sum(by_group) / self._actual.sum(axis=1)
        return means

    def _hits(self, predicted: Array) -> Array:
        return self._count(self._labels, rows=predicted == self._labels)

    def _count(self, values: Array, *, rows: Array | slice = slice(None)) -> Array:
        """How often each class is among ``values`` in every resample ``[resamples, classes]``."""
        by_group = np.zeros((self._draws.shape[1], self._num_classes), dtype=np.float32)
        np.add.at(by_group, (self._groups[rows], values[rows]), 1)
        # float32 holds such counts exactly
        return self._sum(by_group).astype(np.float64)

    def _sum(self, by_group: Array) -> Array:
        """What the drawn groups sum up to, a few resamples at a time."""
        blocks = np.split(self._draws, _RESAMPLES // _BLOCK)
        return np.concatenate([block.astype(by_group.dtype) @ by_group for block in blocks])


def interval(resampled: Array) -> Interval:
    """The middle 95 % of resampled scores or differences."""
    tail = (1 - _LEVEL) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Interval(low=float(low), high=float(high))

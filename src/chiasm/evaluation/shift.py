"""measure_shift: whether a modality can be expected to hold on rows whose labels are not seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from chiasm.data.splitting.stratified_groups import StratifiedGroups
from chiasm.evaluation.significance import ClusterBootstrap, Interval, interval
from chiasm.utils.arrays import Array

_FOLDS = 5
# Regularised strongly: vectors may be as few as their numbers.
_INVERSE_REGULARISATION = 0.1
_ITERATIONS = 500
# Points of accuracy that may be expected to be lost.
_TOLERATED = 0.05


@dataclass(frozen=True)
class Shift:
    """How sure a classifier of one modality is of rows that it was not trained on.

    The difference estimates how much lower its accuracy is on the test rows, of which no label is
    needed (difference of confidences, Guillory et al., "Predicting with Confidence on Unseen
    Distributions", 2021). It sees inputs that look different, not labels that mean something else.

    Attributes:
        training: mean probability of the class it chooses, over training rows, each judged by a
            classifier that has not seen its group.
        test: the same over the test rows, by the same classifiers.
        difference: interval of ``training - test``, whole groups resampled.
    """

    training: float
    test: float
    difference: Interval

    @property
    def is_large(self) -> bool:
        """Whether more than 5 points of accuracy must be expected to be lost."""
        return self.difference.low > _TOLERATED


def measure_shift(
    training: Array, labels: Array, groups: Array, test: Array, test_groups: Array, *, seed: int
) -> Shift | None:
    """The shift of vectors ``[n, d]`` with class indices and groups ``[n]`` to others ``[m, d]``.

    Rows of classes that have fewer rows than there are folds are left out: no classifier could
    learn them. None where the others are too few to tell: fewer groups than folds, or one class
    left in a fold.
    """
    learnable = (np.bincount(labels) >= _FOLDS)[labels]
    training, labels, groups = training[learnable], labels[learnable], groups[learnable]
    if len(np.unique(groups)) < _FOLDS or not len(test):
        return None
    sure, unsure = np.empty(len(training)), np.zeros(len(test))
    order = np.random.default_rng(seed).permutation(len(training))
    folds = StratifiedGroups(_FOLDS).split(training, labels[order], groups[order])
    # The products are small: threads of BLAS would wait for each other more than they compute.
    with threadpool_limits(1):
        for kept, left_out in ((order[rest], order[part]) for rest, part in folds):
            if len(np.unique(labels[kept])) < 2:
                return None
            classifier = _classifier().fit(training[kept], labels[kept])
            sure[left_out] = classifier.predict_proba(training[left_out]).max(axis=1)
            unsure += classifier.predict_proba(test).max(axis=1) / _FOLDS
    difference = _means(sure, groups, seed=seed) - _means(unsure, test_groups, seed=seed + 1)
    return Shift(
        training=float(sure.mean()), test=float(unsure.mean()), difference=interval(difference)
    )


def _classifier() -> Any:
    logistic = LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=_ITERATIONS)
    return make_pipeline(StandardScaler(), logistic)


def _means(values: Array, groups: Array, *, seed: int) -> Array:
    one_class = np.zeros(len(values), dtype=np.int64)
    return ClusterBootstrap(one_class, groups, num_classes=1, seed=seed).mean(values)

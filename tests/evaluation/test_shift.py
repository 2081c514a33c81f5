"""Whether a modality can be expected to hold on rows whose labels are not seen."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info, threadpool_limits

from chiasm.evaluation.shift import Shift, measure_shift

Array = np.ndarray[Any, np.dtype[Any]]
CLASSES = 2


def vectors_of(labels: Array, *, signal: float, seed: int) -> Array:
    """Five numbers a row, of which the first says the label as loudly as ``signal``."""
    vectors = np.random.default_rng(seed).normal(size=(len(labels), 5))
    vectors[:, 0] += signal * (2 * labels - 1)
    return vectors


LABELS = np.arange(400) % CLASSES
GROUPS = np.arange(400) // 4
TRAINING = vectors_of(LABELS, signal=3, seed=0)


def shift_to(test: Array) -> Shift:
    shift = measure_shift(TRAINING, LABELS, GROUPS, test, np.arange(len(test)) // 4, seed=0)
    assert shift is not None
    return shift


def test_rows_of_the_same_kind_are_no_shift() -> None:
    shift = shift_to(vectors_of(LABELS, signal=3, seed=1))
    assert shift.difference.low < 0 < shift.difference.high
    assert not shift.is_large


def test_a_signal_that_is_gone_is_a_large_shift() -> None:
    shift = shift_to(vectors_of(LABELS, signal=0, seed=1))
    assert shift.is_large
    assert shift.training > 0.85
    assert shift.difference.low > 0.2


def test_what_the_labels_mean_cannot_be_seen() -> None:
    # The same vectors, each of the other class: only labels could tell.
    lying = vectors_of(1 - LABELS, signal=3, seed=1)
    assert not shift_to(lying).is_large


def test_the_order_of_the_test_rows_does_not_matter() -> None:
    test = vectors_of(LABELS, signal=1, seed=1)
    groups, order = GROUPS, np.random.default_rng(0).permutation(400)
    one = measure_shift(TRAINING, LABELS, GROUPS, test, groups, seed=0)
    other = measure_shift(TRAINING, LABELS, GROUPS, test[order], groups[order], seed=0)
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(one.test, other.test)
    np.testing.assert_allclose(one.difference.low, other.difference.low)


def test_too_few_groups_or_classes_tell_nothing() -> None:
    few, one_class = GROUPS // 50, np.zeros_like(LABELS)
    assert measure_shift(TRAINING, LABELS, few, TRAINING, GROUPS, seed=0) is None
    assert measure_shift(TRAINING, one_class, GROUPS, TRAINING, GROUPS, seed=0) is None
    assert measure_shift(TRAINING, LABELS, GROUPS, TRAINING[:0], GROUPS[:0], seed=0) is None
    assert measure_shift(TRAINING[:0], LABELS[:0], GROUPS[:0], TRAINING, GROUPS, seed=0) is None


def test_threads_of_blas_do_not_fight_over_small_products(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    class Watched(LogisticRegression):
        def fit(self, *arguments: Any) -> LogisticRegression:
            threads.extend(pool["num_threads"] for pool in threadpool_info())
            return super().fit(*arguments)

    monkeypatch.setattr("chiasm.evaluation.shift.LogisticRegression", Watched)
    with threadpool_limits(limits=2):  # in place of the one of all these tests
        shift_to(TRAINING)
    assert set(threads) == {1}


@pytest.mark.filterwarnings("error")
def test_classes_with_fewer_rows_than_folds_are_left_out() -> None:
    rare = np.arange(CLASSES, CLASSES + 4)
    training = np.concatenate([TRAINING, vectors_of(rare, signal=3, seed=2)])
    labels, groups = np.concatenate([LABELS, rare]), np.concatenate([GROUPS, 1000 + rare])
    test = vectors_of(LABELS, signal=3, seed=1)
    with_rare = measure_shift(training, labels, groups, test, GROUPS, seed=0)
    assert with_rare is not None
    # The folds differ by the order drawn, so this is no equality.
    assert with_rare.training == pytest.approx(shift_to(test).training, abs=0.02)

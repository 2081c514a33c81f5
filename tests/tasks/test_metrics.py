import numpy as np
import pytest
from evaluation.made_up import Array, sure
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)

from chiasm.tasks.metrics import Average, Metrics, compute_metrics


def averages(metrics: Metrics) -> list[tuple[float, float, float]]:
    return [(a.precision, a.recall, a.f1) for a in (metrics.macro, metrics.weighted)]


def test_numbers_worked_out_by_hand_with_a_class_that_is_never_predicted() -> None:
    labels, called = np.array([0, 0, 0, 1, 1, 2]), [0, 0, 1, 1, 0, 1]
    metrics = compute_metrics(sure(called, classes=3, chance=0.8), labels, ("a", "b", "c"))
    assert metrics.rows == 6
    assert metrics.accuracy == 0.5
    assert metrics.confusion == ((2, 1, 0), (1, 1, 0), (0, 1, 0))
    a, b, c = metrics.per_class
    assert (a.label, a.rows, b.label, b.rows, c.label, c.rows) == ("a", 3, "b", 2, "c", 1)
    assert (a.precision, a.recall, a.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert (b.precision, b.recall, b.f1) == pytest.approx((1 / 3, 1 / 2, 2 / 5))
    assert (c.precision, c.recall, c.f1) == (0, 0, 0)
    macro, weighted = averages(metrics)
    assert macro == pytest.approx((1 / 3, 7 / 18, 16 / 45))
    assert weighted == pytest.approx((4 / 9, 1 / 2, 7 / 15))
    # Half of the rows were given 0.8 and half 0.1.
    assert metrics.log_loss == pytest.approx(-(np.log(0.8) + np.log(0.1)) / 2)
    assert metrics.ece == pytest.approx(0.8 - 0.5)


def test_macro_weighs_classes_alike_and_weighted_by_their_rows() -> None:
    labels = np.array([0] * 90 + [1] * 10)
    metrics = compute_metrics(sure([0] * 100, classes=2), labels, ("common", "rare"))
    assert metrics.macro.recall == pytest.approx(0.5)
    assert metrics.weighted.recall == pytest.approx(0.9)


def test_a_class_without_rows_counts_in_no_average() -> None:
    labels, called = np.array([0, 0, 1, 1]), [0, 0, 1, 2]
    three = compute_metrics(sure(called, classes=3), labels, ("a", "b", "none"))
    assert three.macro == Average(precision=1.0, recall=0.75, f1=pytest.approx((1 + 2 / 3) / 2))
    assert three.weighted == three.macro
    assert three.per_class[2].rows == 0
    assert three.per_class[2].f1 == 0


def test_perfect_predictions_have_perfect_scores() -> None:
    labels = np.array([2, 0, 1, 1])
    metrics = compute_metrics(sure(labels, classes=3, chance=1.0), labels, ("a", "b", "c"))
    assert metrics.accuracy == 1
    assert averages(metrics) == [(1, 1, 1), (1, 1, 1)]
    assert metrics.log_loss == pytest.approx(0, abs=1e-12)
    assert metrics.ece == 0


@st.composite
def predictions_in_which_all_classes_occur(draw: st.DrawFn) -> tuple[Array, Array]:
    classes = draw(st.integers(2, 5))
    further = draw(st.lists(st.integers(0, classes - 1), max_size=30))
    labels = np.array([*range(classes), *further])
    logits = np.random.default_rng(draw(st.integers(0, 99))).normal(size=(len(labels), classes))
    odds = np.exp(2 * logits)
    return odds / odds.sum(axis=1, keepdims=True), labels


@settings(deadline=None, max_examples=25)
@given(predictions_in_which_all_classes_occur())
def test_metrics_are_those_of_scikit_learn(given: tuple[Array, Array]) -> None:
    probabilities, labels = given
    names = tuple("abcde"[: probabilities.shape[1]])
    called = probabilities.argmax(axis=1)
    metrics = compute_metrics(probabilities, labels, names)
    for computed, average in zip(averages(metrics), ("macro", "weighted"), strict=True):
        expected = precision_recall_fscore_support(labels, called, average=average, zero_division=0)
        assert computed == pytest.approx(expected[:3])
    assert metrics.accuracy == pytest.approx(accuracy_score(labels, called))
    assert np.array_equal(metrics.confusion, confusion_matrix(labels, called))
    assert metrics.log_loss == pytest.approx(log_loss(labels, probabilities))


@settings(deadline=None, max_examples=25)
@given(given=predictions_in_which_all_classes_occur(), seed=st.integers(0, 99))
def test_order_of_the_rows_does_not_matter(given: tuple[Array, Array], seed: int) -> None:
    probabilities, labels = given
    names = tuple("abcde"[: probabilities.shape[1]])
    order = np.random.default_rng(seed).permutation(len(labels))
    one = compute_metrics(probabilities, labels, names)
    other = compute_metrics(probabilities[order], labels[order], names)
    assert other.confusion == one.confusion
    assert averages(other) == averages(one)
    assert (other.log_loss, other.ece) == pytest.approx((one.log_loss, one.ece))

import numpy as np
import pytest
from evaluation.made_up import sure
from hypothesis import given, settings
from hypothesis import strategies as st

from chiasm.tasks.calibration import (
    Bin,
    expected_calibration_error,
    fit_temperature,
    reliability,
)


def test_calibration_error_is_the_mean_gap_of_the_bins_weighed_by_their_rows() -> None:
    # Four rows at 0.92 of which three are right, two at 0.62 of which both are.
    probabilities = np.concatenate(
        [sure([0] * 4, classes=2, chance=0.92), sure([1] * 2, classes=2, chance=0.62)]
    )
    labels = np.array([0, 0, 0, 1, 1, 1])
    expected = (4 * (0.92 - 0.75) + 2 * (1 - 0.62)) / 6
    assert expected_calibration_error(probabilities, labels) == pytest.approx(expected)


def test_a_reliability_diagram_has_bins_of_about_as_many_rows_with_intervals() -> None:
    probabilities = np.concatenate(
        [sure([0] * 40, classes=2, chance=0.92), sure([1] * 40, classes=2, chance=0.62)]
    )
    low, high = reliability(probabilities, np.array([0] * 30 + [1] * 50))
    # Wilson's intervals of 40 in 40 and of 30 in 40, by hand.
    assert low == Bin(40, pytest.approx(0.62), 1.0, pytest.approx(0.9124, abs=1e-4), 1.0)
    ends = pytest.approx(0.5981, abs=1e-4), pytest.approx(0.8581, abs=1e-4)
    assert high == Bin(40, pytest.approx(0.92), 0.75, *ends)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 500), st.integers(0, 999))
def test_no_bin_of_a_reliability_diagram_is_of_few_rows(rows: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    probabilities = draw.dirichlet([1, 1, 1], size=rows)
    bins = reliability(probabilities, draw.integers(3, size=rows))
    assert sum(one.rows for one in bins) == rows
    assert min(one.rows for one in bins) >= min(rows, 19)
    assert len(bins) <= 10
    assert all(0 <= one.low <= one.accuracy <= one.high <= 1 for one in bins)


def test_gaps_of_different_bins_do_not_cancel() -> None:
    # Too sure of one half by 0.42, too little of the other by 0.4.
    probabilities = np.concatenate(
        [sure([0] * 10, classes=2, chance=0.92), sure([0] * 10, classes=2, chance=0.6)]
    )
    labels = np.array([0] * 5 + [1] * 5 + [0] * 10)
    assert expected_calibration_error(probabilities, labels) == pytest.approx((0.42 + 0.4) / 2)


def test_gaps_within_a_bin_do() -> None:
    probabilities = np.concatenate(
        [sure([0] * 2, classes=2, chance=0.74), sure([0] * 2, classes=2, chance=0.76)]
    )
    assert expected_calibration_error(probabilities, np.array([0, 1, 0, 0])) == pytest.approx(0.0)


@pytest.mark.parametrize(("label", "error"), [(0, 0.0), (1, 1.0)])
def test_certainty_falls_into_the_last_bin(label: int, error: float) -> None:
    probabilities = sure([0], classes=2, chance=1.0)
    assert expected_calibration_error(probabilities, np.array([label])) == error


# Each row stands four times and is right as often as its odds say: calibrated at temperature 1.
ODDS = np.log(np.array([[3.0, 1.0, 1e-9]] * 4 + [[1.0, 1e-9, 1.0]] * 4))
LABELS = np.array([0, 0, 0, 1, 0, 0, 2, 2])


@pytest.mark.parametrize("temperature", [0.2, 1.0, 2.5, 8.0])
def test_a_known_temperature_is_found(temperature: float) -> None:
    assert fit_temperature(temperature * ODDS, LABELS) == pytest.approx(temperature, rel=1e-3)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 999), st.floats(0.1, 20))
def test_temperature_is_never_worse_than_none_and_changes_no_prediction(
    seed: int, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    logits = scale * rng.normal(size=(40, 3)).astype(np.float32)
    labels = rng.integers(3, size=40)
    temperature = fit_temperature(logits, labels)
    assert 0.05 <= temperature <= 20
    scaled = logits / temperature
    assert np.array_equal(scaled.argmax(axis=1), logits.argmax(axis=1))
    assert cross_entropy(scaled, labels) <= cross_entropy(logits, labels) + 1e-4


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    logits = logits.astype(np.float64)
    normaliser = np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1)) + logits.max(1)
    return float((normaliser - logits[np.arange(len(labels)), labels]).mean())


def test_temperature_stays_within_its_limits_where_all_is_right_or_wrong() -> None:
    logits = np.array([[5.0, -5.0], [-5.0, 5.0]])
    assert 0.05 <= fit_temperature(logits, np.array([0, 1])) < 0.5
    assert fit_temperature(logits, np.array([1, 0])) == pytest.approx(20.0, rel=0.01)


def test_huge_logits_do_not_overflow() -> None:
    temperature = fit_temperature(1e4 * ODDS, LABELS)
    assert temperature == pytest.approx(20.0, rel=0.01)

"""Whether a probability of 0.8 means right in 8 of 10."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from scipy.stats import binomtest

from chiasm.utils.arrays import Array

_BINS = 15
_DRAWN_BINS, _LEAST_ROWS = 10, 20
_LOG_RANGE = (np.log(0.05), np.log(20.0))


@dataclass(frozen=True)
class Bin:
    """Rows of about one confidence: their number, mean confidence, and accuracy.

    ``low`` and ``high`` are the ends of the accuracy's 95 % interval.
    """

    rows: int
    confidence: float
    accuracy: float
    low: float
    high: float


def reliability(probabilities: Array, labels: Array) -> tuple[Bin, ...]:
    """Confidence against accuracy in at most 10 bins of about as many rows each, at least 20.

    Rows of equal confidence share a bin. Bins of equal width would hold single rows at their ends,
    whose accuracy is 0 or 1. The intervals are Wilson's ("Probable Inference, the Law of
    Succession, and Statistical Inference", 1927).
    """
    confidence, correct = _confidence(probabilities, labels)
    bins = np.clip(len(labels) // _LEAST_ROWS, 1, _DRAWN_BINS)
    edges = np.quantile(confidence, np.arange(1, bins) / bins)
    numbers = np.searchsorted(edges, confidence)
    return tuple(_bin(confidence[numbers == n], correct[numbers == n]) for n in np.unique(numbers))


def expected_calibration_error(probabilities: Array, labels: Array) -> float:
    """Mean gap between confidence and accuracy over 15 equally wide bins of confidence.

    Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning" (2015); a bin
    weighs as many rows as fall into it.
    """
    confidence, correct = _confidence(probabilities, labels)
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, weights=confidence) - np.bincount(bins, weights=correct)
    return float(np.abs(gaps).sum() / len(labels))


def _confidence(probabilities: Array, labels: Array) -> tuple[Array, Array]:
    """How sure each row's prediction is, and whether it is right."""
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == labels


def _bin(confidence: Array, correct: Array) -> Bin:
    right = int(correct.sum())
    interval = binomtest(right, len(correct)).proportion_ci(method="wilson")
    return Bin(
        rows=len(correct),
        confidence=float(confidence.mean()),
        accuracy=right / len(correct),
        low=float(interval.low),
        high=float(interval.high),
    )


def fit_temperature(logits: Array, labels: Array) -> float:
    """The temperature that minimises the log loss of ``logits / temperature``.

    Guo et al., "On Calibration of Modern Neural Networks" (2017), section 4.2. Fit it on rows that
    were not trained on; it never changes which class is the most probable.
    """

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[np.arange(len(labels)), labels].mean())

    found = minimize_scalar(loss, bounds=_LOG_RANGE, method="bounded")
    return float(np.exp(found.x))

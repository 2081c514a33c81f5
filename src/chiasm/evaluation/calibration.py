"""Whether a probability of 0.8 means right in 8 of 10."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

Array = np.ndarray[Any, np.dtype[Any]]

_BINS = 15
_LOG_RANGE = (np.log(0.05), np.log(20.0))


@dataclass(frozen=True)
class Bin:
    """The rows whose confidence falls into one bin: their number, mean confidence and accuracy."""

    rows: int
    confidence: float
    accuracy: float


def reliability(probabilities: Array, labels: Array) -> tuple[Bin, ...]:
    """Confidence against accuracy over 15 equally wide bins of confidence; empty bins are left out.

    The diagram of DeGroot and Fienberg, "The Comparison and Evaluation of Forecasters" (1983).
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    return tuple(
        Bin(
            rows=int((bins == number).sum()),
            confidence=float(confidence[bins == number].mean()),
            accuracy=float(correct[bins == number].mean()),
        )
        for number in np.unique(bins)
    )


def expected_calibration_error(probabilities: Array, labels: Array) -> float:
    """Mean gap between confidence and accuracy over the bins of ``reliability``.

    Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning" (2015); a bin
    weighs as many rows as fall into it.
    """
    gaps = [b.rows * abs(b.confidence - b.accuracy) for b in reliability(probabilities, labels)]
    return float(sum(gaps) / len(labels))


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

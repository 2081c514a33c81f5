"""Whether a probability of 0.8 means right in 8 of 10."""

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

Array = np.ndarray[Any, np.dtype[Any]]

_BINS = 15
_LOG_RANGE = (np.log(0.05), np.log(20.0))


def expected_calibration_error(probabilities: Array, labels: Array) -> float:
    """Mean gap between confidence and accuracy over 15 equally wide bins of confidence.

    Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning" (2015); a bin
    weighs as many rows as fall into it.
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, weights=confidence - correct, minlength=_BINS)
    return float(np.abs(gaps).sum() / len(labels))


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

"""How good a set of predictions is, rows of labels that the model never saw included."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)

from chiasm.tasks.calibration import expected_calibration_error
from chiasm.tasks.unseen_labels import NOT_SEEN
from chiasm.utils.arrays import Array


@dataclass(frozen=True)
class Average:
    """Precision, recall and F1, averaged over the classes in one named way."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class ClassMetrics:
    """Precision, recall and F1 of one class, and how many rows have it."""

    label: str
    precision: float
    recall: float
    f1: float
    rows: int


@dataclass(frozen=True)
class Metrics:
    """Metrics of one set of predictions, each computed over all rows at once.

    ``macro`` weighs every class alike, ``weighted`` by its rows. ``ece`` is the expected
    calibration error, ``log_loss`` the mean cross-entropy in nats of the rows whose label is known
    to the model. ``confusion[i][j]`` counts the rows of class i that are predicted as j.
    """

    rows: int
    accuracy: float
    macro: Average
    weighted: Average
    per_class: tuple[ClassMetrics, ...]
    confusion: tuple[tuple[int, ...], ...]
    log_loss: float
    ece: float


def compute_metrics(probabilities: Array, labels: Array, classes: tuple[str, ...]) -> Metrics:
    """Judge probabilities ``[n, classes]`` against class indices ``[n]``.

    Rows of the class ``NOT_SEEN`` count as wrong. A class that is never predicted has precision and
    F1 of 0; one without rows counts in no average.
    """
    known = np.array([classes[index] != NOT_SEEN for index in labels])
    predicted = probabilities.argmax(axis=1)
    every = np.arange(len(classes))
    precision, recall, f1, rows = precision_recall_fscore_support(
        labels, predicted, labels=every, zero_division=0
    )
    occurring = rows > 0
    return Metrics(
        rows=len(labels),
        accuracy=float(accuracy_score(labels, predicted)),
        macro=_average(precision, recall, f1, occurring.astype(float)),
        weighted=_average(precision, recall, f1, rows.astype(float)),
        per_class=tuple(
            ClassMetrics(label, float(p), float(r), float(f), int(n))
            for label, p, r, f, n in zip(classes, precision, recall, f1, rows, strict=True)
        ),
        confusion=tuple(
            tuple(int(count) for count in row)
            for row in confusion_matrix(labels, predicted, labels=every)
        ),
        log_loss=float(log_loss(labels[known], probabilities[known], labels=every)),
        ece=expected_calibration_error(probabilities, labels),
    )


def _average(precision: Array, recall: Array, f1: Array, weights: Array) -> Average:
    p, r, f = (float(np.average(values, weights=weights)) for values in (precision, recall, f1))
    return Average(precision=p, recall=r, f1=f)

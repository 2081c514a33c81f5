"""Predictions whose scores are known."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from chiasm.evaluation.comparison import (
    MAJORITY,
    Comparison,
    OutOfFold,
    Predictions,
    evaluate_one,
    evaluate_systems,
)
from chiasm.tasks.multiclass import Multiclass

Array = np.ndarray[Any, np.dtype[Any]]
CLASSES = ("negative", "neutral", "positive")
MODALITIES = ("text", "image")


def sure(called: Sequence[int] | Array, *, classes: int, chance: float = 0.9) -> Array:
    """Probabilities that give ``chance`` to the called class and share the rest."""
    probabilities = np.full((len(called), classes), (1 - chance) / (classes - 1))
    probabilities[np.arange(len(called)), called] = chance
    return probabilities


def draw_labels(rows: int, *, classes: int = 3, seed: int = 0) -> Array:
    """Every class occurs, the first most often."""
    shares = np.arange(classes, 0, -1) / (classes * (classes + 1) / 2)
    labels = np.random.default_rng(seed).choice(classes, size=rows, p=shares)
    labels[:classes] = range(classes)
    return labels


def draw_called(labels: Array, *, accuracy: float, seed: int) -> Array:
    """Calls of which about that part is right; the others are of the class that comes next."""
    right = np.random.default_rng(seed).random(len(labels)) < accuracy
    return np.where(right, labels, (labels + 1) % (labels.max() + 1))


def compare(
    called: Mapping[str, Array],
    labels: Array,
    *,
    folds: Array | None = None,
    of_folds: int = 2,
    groups: Array | None = None,
    classes: tuple[str, ...] = CLASSES,
    seed: int = 0,
) -> Comparison:
    """Judge models that call these classes; by default in two folds, with no duplicates."""
    rows = np.arange(len(labels))
    tested = OutOfFold(
        ids=rows.astype(str),
        positions=rows,
        labels=labels,
        folds=rows % 2 if folds is None else folds,
        of_folds=of_folds,
        groups=rows if groups is None else groups,
        task=Multiclass(classes),
        predictions={
            name: Predictions(
                probabilities=sure(calls, classes=len(classes)),
                parameters=0 if name == MAJORITY else 100 + index,
                seconds=1.5 * index,
            )
            for index, (name, calls) in enumerate(called.items())
        },
    )
    return evaluate_systems(tested, modalities=MODALITIES, seed=seed)


def compare_one(called: Array, labels: Array) -> Comparison:
    """A model that calls these classes, judged beside the majority class."""
    rows = np.arange(len(labels))
    predictions = {
        name: Predictions(sure(calls, classes=len(CLASSES)), parameters=0, seconds=0)
        for name, calls in {MAJORITY: np.zeros(len(labels), dtype=int), "concat": called}.items()
    }
    tested = OutOfFold(
        positions=rows,
        ids=rows.astype(str),
        labels=labels,
        folds=np.zeros(len(labels), dtype=int),
        of_folds=1,
        groups=rows,
        task=Multiclass(CLASSES),
        predictions=predictions,
    )
    return evaluate_one(tested, part="test rows", seed=0)


@cache
def compare_all(
    *, rows: int = 200, classes: tuple[str, ...] = CLASSES, fused: float = 0.8
) -> Comparison:
    """The majority class, both modalities alone, and two fusions of about that accuracy."""
    labels = draw_labels(rows, classes=len(classes))
    accuracies = {"text": 0.65, "image": 0.55, "concat": fused - 0.1, "cross_attention": fused}
    called = {MAJORITY: np.zeros(rows, dtype=int)}
    for seed, (name, accuracy) in enumerate(accuracies.items()):
        called[name] = draw_called(labels, accuracy=accuracy, seed=seed)
    return compare(called, labels, classes=classes)

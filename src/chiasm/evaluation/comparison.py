"""Comparison: several models judged on the same out-of-fold predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chiasm.evaluation.metrics import Metrics, compute_metrics
from chiasm.evaluation.significance import ClusterBootstrap, Interval, interval

Array = np.ndarray[Any, np.dtype[Any]]

MAJORITY = "majority"


@dataclass(frozen=True)
class Predictions:
    """What one model said of every row when that row was not trained on.

    ``probabilities`` is ``[n, classes]``, ``seconds`` the time of all its trainings.
    """

    probabilities: Array
    parameters: int
    seconds: float


@dataclass(frozen=True)
class Score:
    """Mean and standard deviation over the folds; 95 % bootstrap interval over all rows."""

    mean: float
    sd: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """This row minus the best single modality, on the same resamples of the rows."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class ComparisonRow:
    """One model; ``metrics`` are over the predictions of all folds together."""

    name: str
    accuracy: Score
    macro_f1: Score
    accuracy_gain: Difference | None
    macro_f1_gain: Difference | None
    parameters: int
    seconds: float
    metrics: Metrics


@dataclass(frozen=True)
class Comparison:
    """The judged result of ``compare``; ``finding`` says in words what came out."""

    finding: str
    rows: tuple[ComparisonRow, ...]


def judge(
    predictions: Mapping[str, Predictions],
    *,
    labels: Array,
    folds: Array,
    groups: Array,
    classes: tuple[str, ...],
    modalities: Sequence[str],
    seed: int,
) -> Comparison:
    """Judge every model on the same rows, and each against the best single modality.

    Args:
        predictions: by model name; names that are in ``modalities`` are single modalities.
        labels: class index of each row ``[n]``.
        folds: in which fold each row was tested ``[n]``.
        groups: rows of one group are resampled together ``[n]``.
        classes: the labels, in the order of the class indices.
        modalities: the modalities of the data.
        seed: of the bootstrap.
    """
    bootstrap = ClusterBootstrap(labels, groups, classes=len(classes), seed=seed)
    called = {name: p.probabilities.argmax(axis=1) for name, p in predictions.items()}
    accuracy = {name: bootstrap.accuracy(c) for name, c in called.items()}
    macro_f1 = {name: bootstrap.macro_f1(c) for name, c in called.items()}
    metrics = {
        name: compute_metrics(p.probabilities, labels, classes) for name, p in predictions.items()
    }
    singles = [name for name in predictions if name in modalities]
    best = max(singles, key=lambda name: metrics[name].accuracy, default=None)

    rows = []
    for name, made in predictions.items():
        by_fold = [
            compute_metrics(made.probabilities[folds == fold], labels[folds == fold], classes)
            for fold in np.unique(folds)
        ]
        rows.append(
            ComparisonRow(
                name=name,
                accuracy=_score([m.accuracy for m in by_fold], interval(accuracy[name])),
                macro_f1=_score([m.macro.f1 for m in by_fold], interval(macro_f1[name])),
                accuracy_gain=_gain(accuracy, name, best),
                macro_f1_gain=_gain(macro_f1, name, best),
                parameters=made.parameters,
                seconds=made.seconds,
                metrics=metrics[name],
            )
        )
    return Comparison(finding=_finding(rows, best, modalities), rows=tuple(rows))


def _score(by_fold: Sequence[float], bounds: Interval) -> Score:
    return Score(
        mean=float(np.mean(by_fold)),
        sd=float(np.std(by_fold, ddof=1)),
        low=bounds.low,
        high=bounds.high,
    )


def _gain(resampled: Mapping[str, Array], name: str, best: str | None) -> Difference | None:
    if best is None or name == best:
        return None
    differences = resampled[name] - resampled[best]
    bounds = interval(differences)
    return Difference(mean=float(differences.mean()), low=bounds.low, high=bounds.high)


def _finding(rows: Sequence[ComparisonRow], best: str | None, modalities: Sequence[str]) -> str:
    fused = [
        (row, row.accuracy_gain)
        for row in rows
        if row.accuracy_gain is not None and row.name not in (*modalities, MAJORITY)
    ]
    if not fused:
        top = max(rows, key=lambda row: row.accuracy.mean)
        return f"{top.name} is the most accurate ({top.accuracy.mean:.3f}); nothing was fused."
    winner, gain = max(fused, key=lambda candidate: candidate[0].accuracy.mean)
    verdict = (
        "Fusion beats the best single modality"
        if gain.low > 0
        else "Fusion does not beat the best single modality beyond doubt"
    )
    single = next(row for row in rows if row.name == best)
    return (
        f"{verdict}: {winner.name} {winner.accuracy.mean:.3f} against {single.name} alone "
        f"{single.accuracy.mean:.3f}, {100 * gain.mean:+.1f} points of accuracy "
        f"(95 % interval {100 * gain.low:+.1f} to {100 * gain.high:+.1f})."
    )

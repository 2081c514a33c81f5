"""Comparison: several models judged on the same out-of-fold predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chiasm.evaluation.significance import ClusterBootstrap, interval
from chiasm.tasks.base import Task
from chiasm.tasks.metrics import Metrics
from chiasm.utils.arrays import Array
from chiasm.utils.html import render_html

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
class OutOfFold:
    """The rows that were tested, and what every model said of them.

    Attributes:
        ids: of the rows ``[n]``.
        positions: of the rows in their table ``[n]``.
        labels: class index of each row ``[n]``.
        folds: in which fold each row was tested ``[n]``, counted from 0.
        of_folds: how many folds there are; some may have been left out.
        groups: which rows are no independent ones ``[n]``.
        task: what was predicted.
        predictions: by the name of the model.
    """

    ids: Array
    positions: Array
    labels: Array
    folds: Array
    of_folds: int
    groups: Array
    task: Task
    predictions: Mapping[str, Predictions]

    @property
    def run_folds(self) -> tuple[int, ...]:
        """The folds that were run, counted from 1."""
        return tuple(int(fold) + 1 for fold in np.unique(self.folds))


@dataclass(frozen=True)
class Score:
    """Mean and standard deviation over the folds; 95 % bootstrap interval over all rows.

    One fold alone has no deviation.
    """

    mean: float
    sd: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """This row minus the best single modality.

    The difference of the two means, and the 95 % interval over the same resamples of the rows.
    """

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
    """Judged models; ``finding`` says in words what came out of it, for the model ``winner``."""

    finding: str
    winner: str
    rows: tuple[ComparisonRow, ...]
    tested: OutOfFold

    def _repr_html_(self) -> str:
        """The finding and the scores, as a notebook shows them."""
        # It takes a Comparison itself.
        from chiasm.evaluation.tables import comparison_tables

        scores, *_ = comparison_tables(self)
        return render_html("evaluation/comparison.html", comparison=self, scores=scores)


def evaluate_systems(tested: OutOfFold, *, modalities: Sequence[str], seed: int) -> Comparison:
    """Judge every model on the same rows, and each against the best single modality.

    Args:
        tested: the rows and the predictions; models that are named in ``modalities`` are single
            modalities, and rows of one group are resampled together.
        modalities: the modalities of the data.
        seed: of the bootstrap.
    """
    accuracy, macro_f1 = _evaluate_all(tested, seed)
    singles = [name for name in tested.predictions if name in modalities]
    best = max(singles, key=lambda name: accuracy[name].mean, default=None)
    rows = _rows(tested, accuracy, macro_f1, best)
    fused = [row for row in rows if row.name not in (*modalities, MAJORITY)]
    winner = max(fused or rows, key=lambda row: row.accuracy.mean)
    return Comparison(
        finding=f"{_finding(rows, winner, best, fused=bool(fused))}{_folds_left_out(tested)}.",
        winner=winner.name,
        rows=rows,
        tested=tested,
    )


def evaluate_one(tested: OutOfFold, *, part: str, seed: int) -> Comparison:
    """Judge one model beside the majority class, on rows that it was not trained on.

    Args:
        tested: the rows, all of one fold, and the predictions of ``MAJORITY`` and of the model.
        part: what the rows are, such as "test rows".
        seed: of the bootstrap.
    """
    accuracy, macro_f1 = _evaluate_all(tested, seed)
    rows = _rows(tested, accuracy, macro_f1, best=None)
    (name,) = (name for name in tested.predictions if name != MAJORITY)
    score, gain = accuracy[name].score(), _gain(accuracy, name, MAJORITY)
    (commonest,) = tested.task.decide(tested.predictions[MAJORITY].probabilities[:1])
    points = (
        f"{100 * gain.mean:+.1f} points (95 % interval {100 * gain.low:+.1f} to "
        f"{100 * gain.high:+.1f}) over always answering {commonest!r}"
    )
    caution = "" if gain.low > 0 else ", which does not beat it beyond doubt"
    return Comparison(
        finding=f"{name} is right in {score.mean:.1%} of {len(tested.labels):,} {part}: "
        f"{points}{caution}.",
        winner=name,
        rows=rows,
        tested=tested,
    )


@dataclass(frozen=True)
class _Evaluated:
    """One score of one model in every fold, and in every resample of all rows."""

    by_fold: Sequence[float]
    resampled: Array

    @property
    def mean(self) -> float:
        return float(np.mean(self.by_fold))

    def score(self) -> Score:
        bounds = interval(self.resampled)
        sd = float(np.std(self.by_fold, ddof=1)) if len(self.by_fold) > 1 else None
        return Score(mean=self.mean, sd=sd, low=bounds.low, high=bounds.high)


def _evaluate_all(
    tested: OutOfFold, seed: int
) -> tuple[dict[str, _Evaluated], dict[str, _Evaluated]]:
    """Accuracy and macro-F1 of every model, in every fold and in the same resamples."""
    labels, folds, task = tested.labels, tested.folds, tested.task
    bootstrap = ClusterBootstrap(labels, tested.groups, num_classes=task.num_outputs, seed=seed)
    accuracy: dict[str, _Evaluated] = {}
    macro_f1: dict[str, _Evaluated] = {}
    for name, made in tested.predictions.items():
        by_fold = [
            task.metrics(made.probabilities[folds == fold], labels[folds == fold])
            for fold in np.unique(folds)
        ]
        predicted = made.probabilities.argmax(axis=1)
        accuracy[name] = _Evaluated([m.accuracy for m in by_fold], bootstrap.accuracy(predicted))
        macro_f1[name] = _Evaluated([m.macro.f1 for m in by_fold], bootstrap.macro_f1(predicted))
    return accuracy, macro_f1


def _rows(
    tested: OutOfFold,
    accuracy: Mapping[str, _Evaluated],
    macro_f1: Mapping[str, _Evaluated],
    best: str | None,
) -> tuple[ComparisonRow, ...]:
    def gain(evaluated: Mapping[str, _Evaluated], name: str) -> Difference | None:
        return None if best is None or name == best else _gain(evaluated, name, best)

    return tuple(
        ComparisonRow(
            name=name,
            accuracy=accuracy[name].score(),
            macro_f1=macro_f1[name].score(),
            accuracy_gain=gain(accuracy, name),
            macro_f1_gain=gain(macro_f1, name),
            parameters=made.parameters,
            seconds=made.seconds,
            metrics=tested.task.metrics(made.probabilities, tested.labels),
        )
        for name, made in tested.predictions.items()
    )


def _gain(evaluated: Mapping[str, _Evaluated], name: str, over: str) -> Difference:
    bounds = interval(evaluated[name].resampled - evaluated[over].resampled)
    return Difference(
        mean=evaluated[name].mean - evaluated[over].mean, low=bounds.low, high=bounds.high
    )


def _finding(
    rows: Sequence[ComparisonRow], winner: ComparisonRow, best: str | None, *, fused: bool
) -> str:
    gain = winner.accuracy_gain
    if not fused or gain is None:
        why = "no single modality was compared with it" if fused else "nothing was fused"
        return f"{winner.name} is the most accurate ({winner.accuracy.mean:.3f}); {why}"
    verdict = (
        "Fusion beats the best single modality"
        if gain.low > 0
        else "Fusion does not beat the best single modality beyond doubt"
    )
    single = next(row for row in rows if row.name == best)
    return (
        f"{verdict}: {winner.name} {winner.accuracy.mean:.3f} against {single.name} alone "
        f"{single.accuracy.mean:.3f}, {100 * gain.mean:+.1f} points of accuracy "
        f"(95 % interval {100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
    )


def _folds_left_out(tested: OutOfFold) -> str:
    run = tested.run_folds
    if len(run) == tested.of_folds:
        return ""
    return f", on {len(run)} of {tested.of_folds} folds ({', '.join(map(str, run))})"

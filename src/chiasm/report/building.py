"""build_report: from judged models to what a page shows."""

from collections.abc import Mapping, Sequence

import numpy as np

from chiasm.data.checking.report import check
from chiasm.data.table import Table
from chiasm.encoders.base import Encoder
from chiasm.evaluation.comparison import Comparison
from chiasm.evaluation.robustness import evaluate_damaged
from chiasm.report.attributions import attribute_rows
from chiasm.report.content import Report
from chiasm.report.contributions import mean_contributions, row_contributions
from chiasm.report.examination import Examination
from chiasm.report.selection import choose_rows
from chiasm.tasks.calibration import reliability
from chiasm.training.loop.epochs import Epoch
from chiasm.training.run.record import installed_versions
from chiasm.utils.arrays import Array


def build_report(
    comparison: Comparison,
    table: Table,
    *,
    caution: str,
    examined: Sequence[Examination],
    encoders: Mapping[str, Encoder],
    histories: Sequence[Sequence[Epoch]],
    command: str,
    seed: int,
) -> Report:
    """Look closer at the winner of a comparison.

    Args:
        comparison: the judged models.
        table: the whole data set, which holds the judged rows.
        caution: how far the judged rows can be trusted to judge.
        examined: the winner, examined on the judged rows, fold after fold; empty: it was not.
        encoders: of the modalities that it looks at.
        histories: its epochs, of each training.
        command: that made it.
        seed: of the splits, the training and the bootstrap.
    """
    tested = comparison.tested
    probabilities = tested.predictions[comparison.winner].probabilities
    contributions = row_contributions([one.contributions for one in examined]) if examined else None
    chosen = choose_rows(probabilities, tested.labels, tested.groups)
    rows = table.take(tested.positions)
    predicted = probabilities.argmax(axis=1)
    return Report(
        comparison=comparison,
        rows=rows,
        data=check(table),
        caution=caution,
        reliability=reliability(probabilities, tested.labels),
        histories=tuple(tuple(epochs) for epochs in histories),
        contributions=contributions,
        means=mean_contributions(contributions, tested.task.classes) if contributions else (),
        robustness=evaluate_damaged(
            probabilities, _join(examined), tested.labels, tested.groups, seed=seed
        ),
        chosen=chosen,
        attributions=attribute_rows(
            rows,
            chosen.shown,
            _scores(examined),
            {row: tested.task.classes[predicted[row]] for row in chosen.shown},
            encoders,
        ),
        command=command,
        seed=seed,
        versions=installed_versions(),
    )


def _join(examined: Sequence[Examination]) -> Mapping[str, Array]:
    """The damaged predictions of all folds, by kind of damage."""
    names = examined[0].damaged if examined else ()
    return {name: np.concatenate([one.damaged[name] for one in examined]) for name in names}


def _scores(examined: Sequence[Examination]) -> dict[int, Mapping[str, Array]]:
    """The scores of all folds, by the position of their rows among those of all folds."""
    found: dict[int, Mapping[str, Array]] = {}
    before = 0
    for one in examined:
        found |= {before + row: scores for row, scores in one.scores.items()}
        before += len(one.contributions.prediction)
    return found

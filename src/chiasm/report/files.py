"""write_report: a report as files that people and programs read."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chiasm.evaluation.comparison import OutOfFold
from chiasm.evaluation.figures import draw_confusions, draw_scores
from chiasm.evaluation.tables import markdown_report
from chiasm.report.content import Report
from chiasm.report.contributions import RowContributions
from chiasm.report.figures import draw_report
from chiasm.report.page import render_page
from chiasm.utils.writing import atomic_writes, write_json, write_text


def write_report(report: Report, out: Path) -> None:
    """Write the page ``report.html``, its figures as PNG, and its numbers.

    ``report.json`` holds scores, contributions and robustness. Of every judged row,
    ``predictions.csv`` holds what each model said, ``contributions.csv`` what each modality added
    to the class that the winner predicted, and ``label_errors.csv`` which labels are doubted.
    ``report.md`` is the leaderboard in words. A report that is there already stays until all of it
    is written.
    """
    with atomic_writes(out) as part:
        _write(report, part)


def _write(report: Report, out: Path) -> None:
    comparison, tested = report.comparison, report.comparison.tested
    write_text(out / "report.html", render_page(report))
    write_json(_numbers(report), out / "report.json")
    markdown = markdown_report(comparison, tested.task.classes, report.command)
    write_text(out / "report.md", markdown)
    _predictions(tested).to_csv(out / "predictions.csv", index=False)
    _label_errors(report).to_csv(out / "label_errors.csv", index=False)
    if report.contributions:
        _contributions(tested, report.contributions).to_csv(out / "contributions.csv", index=False)
    draw_scores(comparison, out / "scores.png")
    draw_confusions(comparison, tested.task.classes, out / "confusion.png")
    for name, figure in draw_report(report).items():
        figure.savefig(out / f"{name}.png")


def _numbers(report: Report) -> dict[str, Any]:
    comparison = report.comparison
    return {
        "finding": comparison.finding,
        "folds": {"run": comparison.tested.run_folds, "of": comparison.tested.of_folds},
        "rows": [asdict(row) for row in comparison.rows],
        "classes": comparison.tested.task.classes,
        "command": report.command,
        "seed": report.seed,
        "versions": report.versions,
        "winner": {
            "name": comparison.winner,
            "reliability": [asdict(one) for one in report.reliability],
            "contributions": [asdict(one) for one in report.means],
            "robustness": [asdict(one) for one in report.robustness],
            "epochs": [[asdict(one) for one in history] for history in report.histories],
        },
        "data": report.data.as_dict(),
    }


def _predictions(tested: OutOfFold) -> pd.DataFrame:
    classes = np.array(tested.task.classes)
    rows = {"id": tested.ids, "fold": tested.folds + 1, "label": classes[tested.labels]}
    frames = []
    for name, made in tested.predictions.items():
        columns = rows | {"model": name, "predicted": tested.task.decide(made.probabilities)}
        columns |= tested.task.columns(made.probabilities.round(6))
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames)


def _contributions(tested: OutOfFold, added: RowContributions) -> pd.DataFrame:
    columns: dict[str, Any] = {
        "id": tested.ids,
        "predicted": np.array(tested.task.classes)[added.predicted],
        "base": added.base.round(6),
    }
    # A modality may be named as one of these columns is.
    for index, modality in enumerate(added.modalities):
        columns[f"added_{modality}"] = added.values[:, index].round(6)
    for pair, values in added.interactions.items():
        columns[f"interaction {pair}"] = values.round(6)
    for direction, mass in added.null_mass.items():
        columns[f"null {direction}"] = mass.round(6)
    return pd.DataFrame(columns)


def _label_errors(report: Report) -> pd.DataFrame:
    tested = report.comparison.tested
    classes, errors = np.array(tested.task.classes), report.chosen.label_errors
    rows = np.array([error.row for error in errors], dtype=np.int64)
    suggested = np.array([error.suggested for error in errors], dtype=np.int64)
    return pd.DataFrame(
        {
            "id": tested.ids[rows],
            "label": classes[tested.labels[rows]],
            "suggested": classes[suggested],
            "margin": [round(error.margin, 6) for error in errors],
        }
    )

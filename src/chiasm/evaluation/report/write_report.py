"""write_report: a comparison as files that people and programs read."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from chiasm.evaluation.comparison import Comparison, OutOfFold
from chiasm.evaluation.report.figures import draw_confusions, draw_scores
from chiasm.evaluation.report.leaderboard import markdown_report
from chiasm.json_files import write_json


def write_report(comparison: Comparison, out: Path, *, command: str) -> None:
    """Write ``report.json``, ``report.md``, ``predictions.csv`` and two figures.

    ``predictions.csv`` holds what every model said of every row when that row was tested.
    """
    out.mkdir(parents=True, exist_ok=True)
    classes = comparison.tested.classes
    content = {
        "finding": comparison.finding,
        "folds": {"run": comparison.tested.run_folds, "of": comparison.tested.of_folds},
        "rows": [asdict(row) for row in comparison.rows],
        "classes": classes,
        "command": command,
    }
    write_json(content, out / "report.json")
    report = markdown_report(comparison, classes, command)
    (out / "report.md").write_text(report, encoding="utf-8")
    _predictions(comparison.tested).to_csv(out / "predictions.csv", index=False)
    draw_scores(comparison, out / "scores.png")
    draw_confusions(comparison, classes, out / "confusion.png")


def _predictions(tested: OutOfFold) -> pd.DataFrame:
    classes = np.array(tested.classes)
    rows = {"id": tested.ids, "fold": tested.folds + 1, "label": classes[tested.labels]}
    frames = []
    for name, made in tested.predictions.items():
        predicted = classes[made.probabilities.argmax(axis=1)]
        columns = rows | {"model": name, "predicted": predicted}
        for index, label in enumerate(tested.classes):
            columns[f"probability_{label}"] = made.probabilities[:, index].round(6)
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames)

"""render_page: a report as one page that needs nothing else."""

from typing import Any

import numpy as np

from chiasm.data.checking.tables import check_tables
from chiasm.evaluation.comparison import MAJORITY, ComparisonRow
from chiasm.evaluation.tables import comparison_tables
from chiasm.report.cards import show_cards
from chiasm.report.content import Report
from chiasm.report.figures import draw_report
from chiasm.report.svg import inline_svg
from chiasm.utils.html import render_html
from chiasm.utils.text_table import TextTable

# A larger matrix cannot be read; its most frequent confusions can.
_MATRIX = 12
_CONFUSIONS = 20
_LABELS = {
    "reliability": "accuracy over confidence",
    "learning": "loss and macro-F1 by epoch",
    "contributions": "what each modality adds to the confidence",
}


def render_page(report: Report) -> str:
    """HTML with its style, figures and images inside; nothing is fetched, and no script runs."""
    comparison = report.comparison
    winner = next(row for row in comparison.rows if row.name == comparison.winner)
    _, averages, per_class = comparison_tables(comparison)
    readable = len(comparison.tested.task.classes) <= _MATRIX
    added = report.contributions
    return render_html(
        "report/page.html",
        report=report,
        comparison=comparison,
        winner=winner,
        classes=comparison.tested.task.classes,
        details=(averages, per_class),
        matrices=[_matrix(row) for row in comparison.rows if row.name != MAJORITY and readable],
        confusions=None if readable else _confusions(winner),
        figures={
            name: inline_svg(figure, name=name, label=_LABELS[name])
            for name, figure in draw_report(report).items()
        },
        modalities=added.modalities if added else (),
        null_mass={
            direction: float(np.nanmean(mass))
            for direction, mass in (added.null_mass if added else {}).items()
        },
        lists=show_cards(report),
        coloured=any(report.attributions.values()),
        data=check_tables(report.data),
    )


def _matrix(row: ComparisonRow) -> dict[str, Any]:
    counts = np.array(row.metrics.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return {"name": row.name, "counts": counts.tolist(), "shares": shares.tolist()}


def _confusions(row: ComparisonRow) -> TextTable:
    labels = [one.label for one in row.metrics.per_class]
    counts = np.array(row.metrics.confusion)
    np.fill_diagonal(counts, 0)
    order = np.argsort(-counts, axis=None, kind="stable")[:_CONFUSIONS]
    pairs = [np.unravel_index(i, counts.shape) for i in order]
    return TextTable(
        f"Most frequent confusions of {row.name}",
        ("true", "predicted", "rows"),
        [(labels[i], labels[j], f"{counts[i, j]:,}") for i, j in pairs if counts[i, j]],
    )

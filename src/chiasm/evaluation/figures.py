"""A comparison as figures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from chiasm.evaluation.comparison import Comparison, ComparisonRow, Score
from chiasm.utils.palette import BLUE, ORANGE

_DPI = 150
_MATRICES_A_ROW = 4
# In inches: a cell that holds its figures, and the widest that a matrix gets.
_CELL = 0.55
_MATRIX = 8.0
_LONGEST_NAME = 24


def blank_figure(width: float, height: float) -> Figure:
    """A figure of this size in inches.

    Without pyplot nothing global is touched and no display is looked for.
    """
    figure = Figure(figsize=(width, height), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def draw_scores(comparison: Comparison, path: Path) -> None:
    """Bars of accuracy and macro-F1 with their 95 % intervals, one pair a model."""
    rows = comparison.rows
    figure = blank_figure(8, 0.9 + 0.62 * len(rows))
    axes = figure.subplots()
    positions = np.arange(len(rows), dtype=np.float64)[::-1]
    _bars(axes, positions + 0.19, [row.accuracy for row in rows], "accuracy", BLUE)
    _bars(axes, positions - 0.19, [row.macro_f1 for row in rows], "macro-F1", ORANGE)
    axes.set_yticks(positions, [row.name for row in rows])
    axes.set_xlim(0, 1.1)
    axes.set_xticks(np.linspace(0, 1, 6))
    over_folds = any(row.accuracy.sd is not None for row in rows)
    axes.set_xlabel(f"{'mean over the folds, ' if over_folds else ''}with 95 % interval")
    axes.xaxis.grid(visible=True, alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_bounds(0, 1)
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside upper right", ncols=2, frameon=False)
    figure.savefig(path)


def draw_confusions(comparison: Comparison, classes: Sequence[str], path: Path) -> None:
    """One confusion matrix a model: share of each true class, and counts."""
    rows = comparison.rows
    columns = min(len(rows), _MATRICES_A_ROW)
    lines = -(-len(rows) // columns)
    side = 1.6 + _cell(classes) * len(classes)
    figure = blank_figure(side * columns, (side + 0.3) * lines)
    grid = figure.subplots(lines, columns, squeeze=False)
    for axes, row in zip(grid.flat, rows, strict=False):
        _matrix(axes, row, classes)
    for axes in grid.flat[len(rows) :]:
        axes.set_axis_off()
    figure.savefig(path)


def _bars(
    axes: Axes, positions: np.ndarray, scores: Sequence[Score], label: str, color: str
) -> None:
    means = np.array([score.mean for score in scores])
    # The interval is of all rows together, the mean is over folds: they may miss by a hair.
    below = np.maximum(means - [score.low for score in scores], 0)
    above = np.maximum([score.high for score in scores] - means, 0)
    axes.barh(
        positions, means, height=0.36, label=label, color=color, xerr=[below, above], capsize=2
    )
    for position, mean, end in zip(positions, means, means + above, strict=True):
        axes.annotate(f"{mean:.3f}", (end + 0.01, position), va="center", fontsize=8)


def _cell(classes: Sequence[str]) -> float:
    return min(_CELL, _MATRIX / len(classes))


def _matrix(axes: Axes, row: ComparisonRow, classes: Sequence[str]) -> None:
    counts = np.array(row.metrics.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = [n if len(n) <= _LONGEST_NAME else f"{n[: _LONGEST_NAME - 1]}…" for n in classes]
    roomy = _cell(classes) == _CELL
    # Class names are not formulas, whatever dollar signs they hold. A point is 1/72 inch.
    style: dict[str, Any] = {"fontsize": min(8.0, 60 * _cell(classes)), "parse_math": False}
    tilt: dict[str, Any] = {"rotation": 40, "ha": "right"} if roomy else {"rotation": 90}
    axes.set_xticks(range(len(names)), names, **tilt, **style)
    axes.set_yticks(range(len(names)), names, **style)
    axes.set_xlabel("predicted", fontsize=8)
    axes.set_ylabel("true", fontsize=8)
    axes.set_title(row.name, fontsize=10)
    if not roomy:
        return
    for (i, j), count in np.ndenumerate(counts):
        color = "white" if shares[i, j] > 0.5 else "black"
        text = f"{shares[i, j]:.0%}\n{count:,}"
        # Left out of the layout, which would measure every one of them several times.
        axes.text(j, i, text, ha="center", va="center", color=color, fontsize=7, in_layout=False)

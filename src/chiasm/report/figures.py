"""The figures of a report, small enough to be read on a phone."""

from collections.abc import Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chiasm.data.preview.rows import shorten
from chiasm.evaluation.figures import blank_figure
from chiasm.report.content import Report
from chiasm.report.contributions import MeanContributions
from chiasm.tasks.calibration import Bin
from chiasm.training.loop.epochs import Epoch
from chiasm.utils.palette import INK, LINE, MUTED, SERIES

_WIDTH = 4.6  # inches; at 72 points each nearly the width of a phone
_LARGEST = 8
_BARS = 9
_NAME = 22


def draw_reliability(bins: Sequence[Bin]) -> Figure:
    """Accuracy over confidence, with the interval of each bin; dots grow with the rows in it."""
    figure = blank_figure(_WIDTH, 3.9)
    axes = figure.subplots()
    rows = np.array([one.rows for one in bins])
    axes.plot([0, 1], [0, 1], color=MUTED, linestyle=(0, (4, 3)), linewidth=1)
    axes.vlines(
        [one.confidence for one in bins],
        [one.low for one in bins],
        [one.high for one in bins],
        color=SERIES[0],
        linewidth=1.2,
        alpha=0.6,
    )
    axes.scatter(
        [one.confidence for one in bins],
        [one.accuracy for one in bins],
        s=_LARGEST**2 * np.maximum(rows / rows.max(), 0.03),
        color=SERIES[0],
        zorder=3,
    )
    lowest = min(min(one.confidence, one.low) for one in bins)
    low = np.floor(10 * lowest - 0.2) / 10 if lowest > 0.1 else -0.03
    axes.set(xlim=(low, 1.03), ylim=(low, 1.05), xlabel="confidence", ylabel="accuracy")
    _plain(axes)
    return figure


def draw_learning(histories: Sequence[Sequence[Epoch]]) -> Figure:
    """Loss and macro-F1 by epoch, a line for each training; stages follow one another."""
    figure = blank_figure(_WIDTH, 4.4)
    losses, scores = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    faint = 1 if len(histories) == 1 else 0.55
    for history in histories:
        steps = np.arange(1, len(history) + 1)
        # A stage counts its epochs anew.
        starts = [i for i, one in enumerate(history) if i and one.epoch <= history[i - 1].epoch]
        for stage in np.split(np.arange(len(history)), starts):
            part = [history[i] for i in stage]
            for axes, name, colour in (
                (losses, "train_loss", SERIES[0]),
                (losses, "validation_loss", SERIES[1]),
                (scores, "macro_f1", SERIES[1]),
            ):
                values = [getattr(epoch, name) for epoch in part]
                style = {"color": colour, "alpha": faint, "linewidth": 1.4}
                axes.plot(steps[stage], values, marker="." if len(part) == 1 else None, **style)
    losses.plot([], [], color=SERIES[0], label="training rows")
    losses.plot([], [], color=SERIES[1], label="validation rows")
    losses.set(ylabel="loss")
    scores.set(ylabel="macro-F1", xlabel="epoch", ylim=(0, 1.03))
    scores.xaxis.get_major_locator().set_params(integer=True)
    for axes in (losses, scores):
        _plain(axes)
    _legend(figure)
    return figure


def draw_contributions(means: Sequence[MeanContributions]) -> Figure:
    """What each modality adds to the confidence, over all rows and by the predicted class."""
    # The classes that are predicted most often.
    kept = {id(one) for one in sorted(means, key=lambda one: -one.rows)[:_BARS]}
    shown = [one for one in means if id(one) in kept]
    modalities = list(shown[0].values)
    height = 0.8 / len(modalities)
    figure = blank_figure(_WIDTH, 0.9 + (0.14 + 0.2 * len(modalities)) * len(shown))
    axes = figure.subplots()
    positions = np.arange(len(shown), dtype=np.float64)[::-1]
    for index, (modality, colour) in enumerate(zip(modalities, cycle(SERIES), strict=False)):
        values = [100 * one.values[modality] for one in shown]
        offset = (len(modalities) - 1) / 2 - index
        axes.barh(positions + offset * height, values, height=height, color=colour, label=modality)
    names = [
        "all rows" if one.predicted is None else shorten(one.predicted, _NAME) for one in shown
    ]
    axes.set_yticks(positions, names, parse_math=False)
    axes.axvline(0, color=MUTED, linewidth=1)
    axes.set_xlabel("points of probability added")
    _plain(axes)
    axes.grid(visible=False, axis="y")
    _legend(figure)
    return figure


def _legend(figure: Figure) -> None:
    legend = figure.legend(
        loc="outside upper center", ncols=4, frameon=False, labelcolor=INK, fontsize=9
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _plain(axes: Axes) -> None:
    axes.grid(visible=True, color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.patch.set_visible(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelcolor=MUTED, labelsize=8.5)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set(color=INK, fontsize=9)


def draw_report(report: Report) -> dict[str, Figure]:
    """Those that there is something to draw for."""
    figures = {"reliability": draw_reliability(report.reliability)}
    if any(report.histories):
        figures["learning"] = draw_learning([h for h in report.histories if h])
    if report.means:
        figures["contributions"] = draw_contributions(report.means)
    return figures

"""Attention between two modalities, token by token."""

import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chiasm.evaluation.figures import blank_figure
from chiasm.explanation.attention_maps import AttentionMap
from chiasm.utils.arrays import Floats

# In inches: a token on an axis, and the room for its name.
_TOKEN = 0.14
_NAMES = 1.6
_LARGEST = 24.0
# What a key needs of the mean weight to stand out.
_STANDS_OUT = 4
# Room for the title, of which a line holds so many letters.
_NARROWEST, _LINE = 4.4, 62


def draw_heatmap(attention: AttentionMap) -> Figure:
    """The mean over heads with the tokens on its axes, and each head beside it."""
    num_heads, queries, keys = attention.weights.shape
    width = min(_TOKEN * keys, _LARGEST)
    height = min(max(_TOKEN * queries, 1.5), _LARGEST)
    figure = blank_figure(max(width + _NAMES, _NARROWEST), 1.7 * height + _NAMES + 0.9)
    title = f"attention: {attention.query} -> {attention.key}"
    figure.suptitle(
        f"{textwrap.fill(title, _LINE)}\nwhere the model looked, not a cause",
        fontsize=9,
        parse_math=False,
    )
    whole, parts = figure.subfigures(
        2, 1, squeeze=False, height_ratios=[height + _NAMES, 0.7 * height + 0.5]
    )[:, 0]
    axes = whole.subplots()
    # One scale for all, on which a query that looks everywhere alike is pale.
    darkest = max(float(attention.weights.max()), min(1.0, _STANDS_OUT / keys))
    _show(axes, attention.mean, "mean over heads", darkest)
    style = {"fontsize": 7, "parse_math": False}
    labels = [*(span.label for span in attention.key_spans), "(null: nothing)"]
    axes.set_xticks(range(keys), labels, rotation=90, **style)
    axes.set_yticks(range(queries), [span.label for span in attention.query_spans], **style)
    for number, (small, weights) in enumerate(
        zip(parts.subplots(1, num_heads, squeeze=False)[0], attention.weights, strict=True)
    ):
        _show(small, weights, f"head {number + 1}", darkest)
        small.set_xticks([])
        small.set_yticks([])
    return figure


def _show(axes: Axes, weights: Floats, title: str, darkest: float) -> None:
    axes.imshow(weights, cmap="Blues", vmin=0, vmax=darkest, aspect="auto", interpolation="nearest")
    axes.set_title(title, fontsize=8)

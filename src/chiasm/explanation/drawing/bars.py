"""Scores of tokens that stand nowhere to be shown: bars with their names."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from chiasm.evaluation.figures import blank_figure
from chiasm.explanation.drawing.shade import AGAINST, FOR, title_of
from chiasm.inference.attribution import Attribution

_NARROWEST = 4.8  # inches: room for a title


def draw_bars(attributions: Sequence[Attribution]) -> Figure:
    """A bar for each token, once for each method."""
    labels = [span.label for span in attributions[0].spans]
    width = max(_NARROWEST, min(20, 2 + 0.2 * len(labels)))
    figure = blank_figure(width, 1.8 * len(attributions) + 0.6)
    panels = figure.subplots(len(attributions), sharex=True, squeeze=False)[:, 0]
    for axes, attribution in zip(panels, attributions, strict=True):
        axes.set_title(
            title_of(attribution, width=width - 0.8), fontsize=9, loc="left", parse_math=False
        )
        colours = [FOR if score >= 0 else AGAINST for score in attribution.scores]
        axes.bar(range(len(labels)), attribution.scores, color=colours)
        axes.axhline(0, color="black", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    panels[-1].set_xticks(range(len(labels)), labels, rotation=90, fontsize=7, parse_math=False)
    return figure

"""Scores laid over the image."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from chiasm.data.media.images import open_image
from chiasm.evaluation.figures import blank_figure
from chiasm.explanation.drawing.heat import overlay_heatmap
from chiasm.explanation.drawing.shade import title_of
from chiasm.inference.attribution import Attribution

_WIDTH = 3.0


def draw_overlay(image: Path | bytes, attributions: Sequence[Attribution]) -> Figure:
    """The image as the user sees it, then once for each method under its scores."""
    shown = open_image(image, at_least=512)
    height = _WIDTH * shown.height / shown.width
    figure = blank_figure(_WIDTH * (1 + len(attributions)), height + 0.5)
    panels = figure.subplots(1, 1 + len(attributions), squeeze=False)[0]
    titles = ["the image", *(title_of(a, width=_WIDTH) for a in attributions)]
    images = [shown, *(overlay_heatmap(shown, attribution) for attribution in attributions)]
    for axes, title, laid in zip(panels, titles, images, strict=True):
        axes.imshow(laid)
        axes.set_axis_off()
        axes.set_title(title, fontsize=8, parse_math=False)
    return figure

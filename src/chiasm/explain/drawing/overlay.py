"""Scores laid over the picture."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from chiasm.data.pictures import open_picture
from chiasm.evaluation.views.blank_figure import blank_figure
from chiasm.explain.attribution.attribution import Attribution
from chiasm.explain.drawing.shade import shade, title_of

_WIDTH = 3.0


def draw_overlay(picture: Path | bytes, attributions: Sequence[Attribution]) -> Figure:
    """The picture as the user sees it, then once for each method with its cells shaded."""
    shown = open_picture(picture, at_least=512)
    height = _WIDTH * shown.height / shown.width
    figure = blank_figure(_WIDTH * (1 + len(attributions)), height + 0.5)
    panels = figure.subplots(1, 1 + len(attributions), squeeze=False)[0]
    for axes in panels:
        # In parts of width and height, as the places of the cells are.
        axes.imshow(shown, extent=(0, 1, 1, 0), aspect=shown.height / shown.width)
        axes.set_axis_off()
    panels[0].set_title("the picture", fontsize=8)
    for axes, attribution in zip(panels[1:], attributions, strict=True):
        title = title_of(attribution).replace(": ", ":\n", 1)
        axes.set_title(title, fontsize=8, parse_math=False)
        for place, colour in zip(attribution.places, shade(attribution.scores), strict=True):
            if place.extent is not None:
                left, top, right, bottom = place.extent
                cell = Rectangle((left, top), right - left, bottom - top, color=colour, linewidth=0)
                axes.add_patch(cell)
        axes.set_xlim(0, 1)
        axes.set_ylim(1, 0)
    return figure

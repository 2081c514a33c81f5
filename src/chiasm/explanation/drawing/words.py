"""Words on the colour of their score."""

import re
import textwrap
from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from chiasm.evaluation.figures import blank_figure
from chiasm.explanation.drawing.shade import shade, title_of
from chiasm.inference.attribution import Attribution

_COLUMNS = 88
_POINTS = 10.0
# In inches: a letter of matplotlib's own monospaced font, 0.602 of its size wide, and a line.
_WIDTH = 0.625 * _POINTS / 72
_LINE = 1.6 * _POINTS / 72
_WORD = re.compile(r"\S+")


def draw_words(text: str, attributions: Sequence[Attribution]) -> Figure:
    """The text once for each method, its pieces shaded."""
    lines = _lines(text)
    rows = len(lines) + 2
    figure = blank_figure(_COLUMNS * _WIDTH, rows * _LINE * len(attributions))
    # Every letter has its place on the figure, which a layout would move.
    figure.set_layout_engine("none")
    share = 1 / len(attributions)
    for number, attribution in enumerate(attributions):
        bottom = 1 - (number + 1) * share
        axes = figure.add_axes((0.01, bottom, 0.99, share * len(lines) / rows))
        axes.set_axis_off()
        axes.set_xlim(0, _COLUMNS)
        axes.set_ylim(len(lines), 0)
        axes.set_title(
            title_of(attribution, width=_COLUMNS * _WIDTH), fontsize=9, loc="left", parse_math=False
        )
        for span, colour in zip(attribution.spans, shade(attribution.scores), strict=True):
            if span.extent is None:
                continue
            begin, end = map(int, span.extent)
            for below, (start, line) in enumerate(lines):
                left, right = max(begin, start), min(end, start + len(line))
                if left < right:
                    box = (left - start, below)
                    axes.add_patch(Rectangle(box, right - left, 0.95, color=colour, linewidth=0))
        for below, (_, line) in enumerate(lines):
            # Word by word, so that rounding a letter to whole pixels never adds up.
            for word in _WORD.finditer(line):
                axes.text(
                    word.start(),
                    below + 0.5,
                    word[0],
                    family="DejaVu Sans Mono",
                    fontsize=_POINTS,
                    va="center",
                    parse_math=False,
                )
    return figure


def _lines(text: str) -> list[tuple[int, str]]:
    """The lines that a text is broken into, each with the place where it begins."""
    lines = []
    position = 0
    for line in textwrap.wrap(text, _COLUMNS, expand_tabs=False, replace_whitespace=False):
        for part in line.split("\n"):
            begin = text.index(part, position)
            lines.append((begin, part.replace("\t", " ")))
            position = begin + len(part)
    return lines or [(0, "")]

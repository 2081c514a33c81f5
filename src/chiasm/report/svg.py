"""inline_svg: a figure as a part of a page."""

import io
import re

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure

from chiasm.utils.palette import VARIABLES

_FOREIGN = re.compile(
    r'<metadata>.*?</metadata>|<style.*?</style>| xmlns(:xlink)?="[^"]*"', re.DOTALL
)
# What groups are called is of no use, and would be there twice where there are two figures.
_GROUP = re.compile(r'<g id="[^"]*"')


def inline_svg(figure: Figure, *, name: str, label: str) -> Markup:
    """The figure in the colours and letters of the page around it, scaled to its width.

    Args:
        figure: drawn in the colours of the palette.
        name: unlike that of every other figure on the page.
        label: what it shows, for those who do not see it.
    """
    file = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    svg = file.getvalue()
    svg = _FOREIGN.sub("", svg[svg.index("<svg") :])
    svg = _GROUP.sub("<g", svg).replace("xlink:href", "href")
    svg = re.sub(r"font-family: [^;\"]*;?", "", svg)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, variable)
    opening = f'<svg role="img" aria-label="{Markup.escape(label)}" '
    svg = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', rf"{opening}\1>", svg, count=1)
    return Markup(svg)  # noqa: S704

"""shade: a colour for each score."""

import textwrap

import numpy as np
from PIL import ImageColor

from chiasm.inference.attribution import Attribution
from chiasm.utils.arrays import Floats
from chiasm.utils.palette import BLUE, ORANGE

FOR = BLUE
AGAINST = ORANGE
_STRONGEST = 0.75
# Of a title in the size of 9 points, in an inch.
_LETTERS = 12
_LINES = 2

# What many tokens need of the mean score to stand out among them.
_STANDS_OUT = 4

Colour = tuple[float, float, float, float]


def relative(scores: Floats) -> Floats:
    """The scores from -1 to 1, by the largest: how strongly each is coloured.

    Where all are about alike none stands out, and none has the full colour: of many tokens, only
    one of four times the mean has it.
    """
    sizes = np.abs(scores)
    even = min(_STANDS_OUT, sizes.size / 2) * float(sizes.mean()) if sizes.size else 0.0
    largest = max(float(sizes.max(initial=0.0)), even, np.finfo(np.float64).tiny)
    share: Floats = scores / largest
    return share


def shade(scores: Floats) -> list[Colour]:
    """Blue where a token speaks for the class, orange where against, deeper the more it does."""
    return [
        (*_rgb(FOR if strength >= 0 else AGAINST), _STRONGEST * abs(float(strength)))
        for strength in relative(scores)
    ]


def _rgb(colour: str) -> tuple[float, float, float]:
    # By Pillow, since a server draws in an environment without matplotlib.
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return red / 255, green / 255, blue / 255


def title_of(attribution: Attribution, *, width: float) -> str:
    """What a drawing of the scores is to be read as, in lines of a width in inches."""
    if attribution.method == "attention":
        title = "attention: where the model looked, not a cause"
    else:
        against = f" against {attribution.contrast}" if attribution.contrast else ""
        title = f"{attribution.method}: for {attribution.target}{against}"
    lines = textwrap.wrap(title, int(width * _LETTERS), max_lines=_LINES, placeholder=" …")
    return "\n".join(lines)

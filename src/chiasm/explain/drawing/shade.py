"""shade: a colour for each score."""

from typing import Any

import numpy as np
from matplotlib.colors import to_rgba

from chiasm.explain.attribution.attribution import Attribution

FOR = "#2f6690"
AGAINST = "#d98324"
_STRONGEST = 0.75

Colour = tuple[float, float, float, float]


def shade(scores: "np.ndarray[Any, np.dtype[np.float64]]") -> list[Colour]:
    """Blue where a token speaks for the class, orange where against, deeper the more it does."""
    largest = max(float(np.abs(scores).max(initial=0.0)), np.finfo(np.float64).tiny)
    return [
        to_rgba(FOR if score >= 0 else AGAINST, _STRONGEST * abs(float(score)) / largest)
        for score in scores
    ]


def title_of(attribution: Attribution) -> str:
    """What a drawing of the scores is to be read as."""
    if attribution.method == "attention":
        return "attention: where the model looked, not a cause"
    against = f" against {attribution.against}" if attribution.against else ""
    return f"{attribution.method}: for {attribution.chosen}{against}"

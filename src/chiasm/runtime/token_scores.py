"""TokenScores: what the tokens of one modality have to do with a prediction."""

from dataclasses import dataclass
from typing import Any

import numpy as np

Scores = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class TokenScores:
    """By how much the probability of a label falls when each token alone is hidden.

    Attributes:
        scores: ``[l]`` for a text, a sound or features; ``[rows, columns]`` for a picture.
        pieces: the word pieces of a text.
        spans: where each token lies: the first character of the text and the one after the last, or
            the seconds of a sound; empty otherwise.
        box: left, top, right and bottom of the part of a picture that the grid covers, as fractions
            of the width and height of the upright picture.
    """

    scores: Scores
    pieces: tuple[str, ...] = ()
    spans: tuple[tuple[float, float], ...] = ()
    box: tuple[float, float, float, float] | None = None

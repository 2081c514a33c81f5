"""The scores of an image as the grid of its cells, and of a text by its words."""

from dataclasses import dataclass

import numpy as np

from chiasm.inference.attribution import Attribution
from chiasm.inference.token_spans import Box
from chiasm.utils.arrays import Floats


def score_grid(attribution: Attribution) -> tuple[Floats, Box]:
    """The scores of the cells ``[rows, columns]``, and the part of the image that they cover.

    Tokens of the whole image are left out; at least one must be a cell.
    """
    cells = [
        (*span.extent, score)
        for span, score in zip(attribution.spans, attribution.scores, strict=True)
        if span.extent is not None
    ]
    left, top, *_ = cells[0]
    *_, right, bottom, _ = cells[-1]
    columns = sum(cell[1] == top for cell in cells)
    scores = np.array([cell[-1] for cell in cells], dtype=np.float64)
    return scores.reshape(-1, columns), (left, top, right, bottom)


@dataclass(frozen=True)
class Word:
    """Characters ``start`` to ``end`` (exclusive) of a text, and how they score."""

    text: str
    start: int
    end: int
    score: float


def word_scores(text: str, attribution: Attribution) -> list[Word]:
    """The scores of a text's pieces, those of the pieces of one word summed."""
    words: list[Word] = []
    for span, score in zip(attribution.spans, attribution.scores.tolist(), strict=True):
        if span.extent is None:
            continue
        start, end = map(int, span.extent)
        if words and start == words[-1].end and text[start - 1 : start + 1].isalnum():
            before = words.pop()
            start, score = before.start, before.score + score
        words.append(Word(text[start:end], start, end, score))
    return words

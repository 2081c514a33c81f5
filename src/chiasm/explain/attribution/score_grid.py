"""score_grid: the scores of a picture as the grid that its cells are."""

from typing import Any

import numpy as np

from chiasm.encoders.place import Box
from chiasm.explain.attribution.attribution import Attribution

Grid = np.ndarray[Any, np.dtype[np.float64]]


def score_grid(attribution: Attribution) -> tuple[Grid, Box]:
    """The scores of the cells ``[rows, columns]``, and the part of the picture that they cover.

    Tokens of the whole picture are left out; at least one must be a cell.
    """
    cells = [
        (*place.extent, score)
        for place, score in zip(attribution.places, attribution.scores, strict=True)
        if place.extent is not None
    ]
    left, top, *_ = cells[0]
    *_, right, bottom, _ = cells[-1]
    columns = sum(cell[1] == top for cell in cells)
    scores = np.array([cell[-1] for cell in cells], dtype=np.float64)
    return scores.reshape(-1, columns), (left, top, right, bottom)

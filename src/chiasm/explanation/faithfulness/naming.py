"""naming: how often a method names the modality that decides, where that is known."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from chiasm.data.table import Table
from chiasm.errors import UnreadableExample
from chiasm.utils.arrays import Floats
from chiasm.utils.reading import SMALL, read_regular

_TRUTH = "truth.csv"
# What the generated reviews call a modality.
_NAMES = {"text": "text", "picture": "image"}


@dataclass(frozen=True)
class Naming:
    """The rows decided by one modality alone, and in what part of them each method names it.

    The modality that a method names is the one with the largest sum of scores.
    """

    rows: int
    shares: dict[str, float]


def deciding_modalities(table: Table) -> list[str | None]:
    """The modality that decides each row, by a ``truth.csv`` beside the data; None: not just one.

    Such a file is written by ``chiasm sample reviews``: a row without it is not known either.
    """
    path = Path(table.source)
    path = (path if path.is_dir() else path.parent) / _TRUTH
    if not path.is_file():
        return [None] * len(table)
    try:
        truth = pd.read_csv(io.BytesIO(read_regular(path, most=SMALL)), dtype=str)
    except (UnreadableExample, ValueError):
        # It may be a file of the user's that only has this name.
        return [None] * len(table)
    if not {"id", "decided_by"} <= set(truth.columns):
        return [None] * len(table)
    decided = dict(zip(truth["id"], truth["decided_by"], strict=True))
    return [_NAMES.get(decided.get(row, "")) for row in table.ids]


def name_modalities(
    truth: list[str | None], totals: Mapping[str, Mapping[str, Floats]]
) -> Naming | None:
    """Compare with ``totals``, the sums of scores ``[n]`` by method and modality."""
    known = [row for row, modality in enumerate(truth) if modality is not None]
    if not known:
        return None
    shares = {}
    for method, by_modality in totals.items():
        names = list(by_modality)
        best = np.stack([by_modality[m] for m in names], axis=1).argmax(axis=1)
        shares[method] = float(np.mean([names[best[row]] == truth[row] for row in known]))
    return Naming(len(known), shares)

"""Neighbours: rows that the model sees much like a given one."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch

from chiasm.data.table import Table
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import encoded_batches
from chiasm.utils.arrays import Floats

_NEAREST = 3


@dataclass(frozen=True)
class Neighbour:
    """A row, its label, and the cosine of the angle between the two rows' fused features."""

    id: str
    label: str
    similarity: float


class Neighbours:
    """The labelled rows of a table, by what the fusion makes of them.

    ``encoded`` holds the tokens of the table's rows.
    """

    def __init__(self, model: FusionClassifier, table: Table, encoded: EncodedTable) -> None:
        self._model = model
        self._table = table
        self._rows = table.labelled
        self._vectors = _fused(model, encoded.take(self._rows))

    def nearest(self, row: EncodedTable, *, but: Collection[int]) -> list[Neighbour]:
        """The three nearest to a row (a table of one), nearest first; none at positions ``but``."""
        cosines = self._vectors @ _fused(self._model, row)[0]
        order = [k for k in np.argsort(-cosines) if self._rows[k] not in but]
        return [
            Neighbour(
                id=self._table.ids[self._rows[k]],
                label=str(self._table.labels[self._rows[k]]),
                similarity=float(cosines[k]),
            )
            for k in order[:_NEAREST]
        ]


@torch.inference_mode()
def _fused(model: FusionClassifier, rows: EncodedTable) -> Floats:
    """What the head reads, at length 1, ``[n, h]``."""
    parts = [torch.empty(0, model.fusion.dim)]
    parts += [model.fusion(batch).features.cpu() for batch in encoded_batches(model, rows)]
    unit: Floats = torch.nn.functional.normalize(torch.cat(parts).double(), dim=1).numpy()
    return unit

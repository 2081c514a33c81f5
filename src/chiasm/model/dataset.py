"""Rows as a model reads them: cached tokens and a class index."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from chiasm.data.table import Table
from chiasm.data.verification.problems import log_problems
from chiasm.encoders.base import Encoder
from chiasm.encoders.features.cache import FeatureCache
from chiasm.encoders.features.encoding import encode
from chiasm.encoders.features.store import Features
from chiasm.encoders.precomputed import Precomputed
from chiasm.encoders.tokens import Tokens, pad
from chiasm.model.left_out import left_out
from chiasm.tasks.base import UNSEEN, Task
from chiasm.utils.arrays import Indices

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EncodedRow:
    """The tokens ``[l, d]`` of one row by modality, and its class index if it has one."""

    tokens: dict[str, Tensor]
    target: int | None


class EncodedTable(Dataset[EncodedRow]):
    """A Table whose values have been through the frozen layers; tokens are read row by row.

    Args:
        features: tokens by modality, of all rows.
        targets: class index of each row; None for an unlabelled one.
    """

    def __init__(self, features: Mapping[str, Features], targets: Sequence[int | None]) -> None:
        self.features = dict(features)
        self.targets = tuple(targets)
        self._rows = np.arange(len(self.targets))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> EncodedRow:
        row = int(self._rows[index])
        return EncodedRow({m: f[row] for m, f in self.features.items()}, self.targets[row])

    def take(self, rows: Indices) -> "EncodedTable":
        """The rows at these positions, in this order, sharing the features."""
        taken = EncodedTable(self.features, self.targets)
        taken._rows = self._rows[rows]
        return taken

    def of(self, modalities: Sequence[str]) -> "EncodedTable":
        """The same rows, of which only these modalities are read."""
        narrowed = EncodedTable({m: self.features[m] for m in modalities}, self.targets)
        narrowed._rows = self._rows
        return narrowed

    @property
    def present(self) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        """Which rows have at least one modality."""
        keys = [feature.keys for feature in self.features.values()]
        return np.array([any(k[int(row)] is not None for k in keys) for row in self._rows])

    @property
    def lengths(self) -> list[int]:
        """How many tokens each row has, of all modalities together."""
        return [sum(f.length(int(row)) for f in self.features.values()) for row in self._rows]

    @property
    def labels(self) -> Indices:
        """Class indices of the rows; -1 where there is no such class or no label."""
        targets = (self.targets[row] for row in self._rows)
        return np.array([UNSEEN if t is None else t for t in targets], dtype=np.int64)

    @property
    def known(self) -> "EncodedTable":
        """The rows whose label is a class."""
        return self.take(np.flatnonzero(self.labels != UNSEEN))


def encode_table(
    table: Table,
    encoders: Mapping[str, Encoder],
    *,
    task: Task | None = None,
    cache: FeatureCache | None,
) -> EncodedTable:
    """Run the frozen layers over a table; a modality that the table lacks is missing in every row.

    Rows have the targets of the ``task``; None: no row has one. What the encoders leave out is
    said, unless it is among the problems of the table.
    """
    absent = (None,) * len(table)
    known = set(table.problems)
    log_problems(problem for problem in left_out(table, encoders) if problem not in known)
    run = cache.features if cache else encode
    features = {}
    for modality, encoder in encoders.items():
        values = table.values.get(modality, absent)
        if isinstance(encoder, Precomputed):
            features[modality] = encoder.features(values)
            continue
        features[modality] = run(encoder, values)
        _log(table, encoder, features[modality])
    targets = task.targets(table.labels) if task else absent
    return EncodedTable(features, targets)


def _log(table: Table, encoder: Encoder, features: Features) -> None:
    _logger.info(
        "%s: %s encoded, %s from the cache",
        encoder.name,
        f"{features.encoded:,}",
        f"{features.reused:,}",
    )
    for row, reason in features.unreadable.items():
        _logger.warning("row %s counts as without %s: %s", table.ids[row], encoder.modality, reason)


def collate(rows: Sequence[EncodedRow]) -> dict[str, Any]:
    """A batch for the model: padded float32 tokens, and labels where the rows have them."""
    batch: dict[str, Any] = {"tokens": stack_tokens(rows)}
    if rows[0].target is not None:
        batch["labels"] = torch.tensor([row.target for row in rows])
    return batch


def stack_tokens(rows: Sequence[EncodedRow]) -> dict[str, Tokens]:
    """The rows' tokens, padded to the longest, by modality."""
    return {m: pad([row.tokens[m] for row in rows]) for m in rows[0].tokens}

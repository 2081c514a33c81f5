"""LengthGrouped: batches of rows of similar length, so that little is computed on padding."""

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices


class LengthGrouped(Sampler[int]):
    """Rows in random order, those of one batch of about the same length.

    The library's own sampler goes from long batches to short ones again and again; here the batches
    come in random order, since the last steps of an epoch should not all be on short rows. The
    order depends on the seed and the epoch alone: a training that goes on in the middle of an epoch
    sees the rows that are left.

    Args:
        lengths: tokens of each row.
        batch_size: rows a step.
        seed: of the order.
    """

    def __init__(self, lengths: Sequence[int], *, batch_size: int, seed: int) -> None:
        self._lengths = list(lengths)
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the Trainer before each epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        random = torch.Generator().manual_seed(hash((self._seed, self._epoch)))
        rows = get_length_grouped_indices(self._lengths, self._batch_size, generator=random)  # type: ignore[no-untyped-call]
        whole = len(rows) // self._batch_size
        for batch in (*torch.randperm(whole, generator=random).tolist(), whole):
            yield from rows[batch * self._batch_size :][: self._batch_size]

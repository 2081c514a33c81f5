"""Tokens: the one form in which every modality reaches a fusion."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Tokens:
    """A batch of token sequences and which of their positions are real.

    ``values`` is float ``[b, l, d]``; ``mask`` is bool ``[b, l]``, True at a real token. A row
    whose mask is all False is a missing modality: a fusion must never let its values matter.

    Notation: b: batch, l: tokens of the longest row, d: width of a token.
    """

    values: Tensor
    mask: Tensor

    def __post_init__(self) -> None:
        if self.values.dim() != 3 or self.mask.shape != self.values.shape[:2]:
            raise ValueError(
                f"Tokens need values [b, l, d] and mask [b, l]; got values "
                f"{tuple(self.values.shape)} and mask {tuple(self.mask.shape)}."
            )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def present(self) -> Tensor:
        """Which rows have at least one real token: bool ``[b]``."""
        return self.mask.any(dim=1)

    def keep(self, rows: Tensor) -> "Tokens":
        """The same tokens, the modality marked missing where ``rows`` (bool ``[b]``) is False."""
        return Tokens(self.values, self.mask & rows[:, None])

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "Tokens":
        """The same tokens on another device."""
        return Tokens(
            self.values.to(device, non_blocking=non_blocking),
            self.mask.to(device, non_blocking=non_blocking),
        )

    def mean(self) -> Tensor:
        """Mean over the real tokens, ``[b, d]``; zeros for a missing row."""
        count = self.mask.sum(dim=1, keepdim=True).clamp(min=1)
        weights = self.mask.to(self.values.dtype) / count
        # [b, 1, l] @ [b, l, d]: one pass over the values, and no copy of them
        return torch.bmm(weights[:, None], self.values)[:, 0]


def pad(rows: Sequence[Tensor]) -> Tokens:
    """Stack token matrices ``[l_i, d]`` of different lengths into one float32 batch.

    A row of length 0 is a missing modality. The batch is at least one token long, so that a batch
    in which every row is missing still has a key to mask.
    """
    lengths = torch.tensor([len(row) for row in rows])
    longest = max(1, int(lengths.max()))
    values = torch.empty(len(rows), longest, rows[0].shape[1])
    for index, row in enumerate(rows):
        values[index, : len(row)] = row
        values[index, len(row) :] = 0.0
    return Tokens(values, torch.arange(longest) < lengths[:, None])

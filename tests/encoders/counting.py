"""An encoder whose tokens can be worked out by hand, and which counts what goes through it."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from chiasm.encoders.base import Encoder
from chiasm.encoders.tokens import Tokens, pad
from chiasm.errors import UnreadableExample


class CountingEncoder(Encoder):
    """A token for each character of a text, or byte of a file; counts what goes through it.

    Texts that hold "!" cannot be loaded. After ``fails_after`` batches the trunk raises.
    """

    kind = "text"
    modality = "text"
    trainable_blocks = 0

    def __init__(self, *, fingerprint: str = "1", fails_after: int | None = None) -> None:
        self.name = "counting"
        self.fingerprint = fingerprint
        self.frozen_dim = self.dim = 2
        self.trainable_layers = nn.Identity()
        self.fails_after = fails_after
        self.batches: list[list[str]] = []

    @property
    def seen(self) -> list[str]:
        return [value for batch in self.batches for value in batch]

    def load(self, value: str | bytes | Path) -> str:
        if isinstance(value, Path):
            value = value.read_bytes()
        text = value.decode() if isinstance(value, bytes) else value
        if "!" in text:
            raise UnreadableExample("shouted")
        return text

    def encode_frozen(self, batch: Sequence[str]) -> Tokens:
        if self.fails_after == len(self.batches):
            raise RuntimeError("the power went out")
        self.batches.append(list(batch))
        return pad([torch.tensor([[ord(c) / 7, len(t)] for c in t]).reshape(-1, 2) for t in batch])

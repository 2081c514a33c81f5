"""Features: the cached tokens of many rows, read one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor


class TokenSource(Protocol):
    """Where tokens lie, by key."""

    def __getitem__(self, key: bytes, /) -> Tensor: ...

    def length(self, key: bytes, /) -> int: ...


class FeatureStore(TokenSource, Protocol):
    """Where tokens lie by the digest of the value they were made from, and are put."""

    def __contains__(self, key: bytes, /) -> bool: ...

    def update(self, entries: Mapping[bytes, Tensor], /) -> None: ...


class InMemory(dict[bytes, Tensor]):
    """A FeatureStore for as long as the process runs."""

    def length(self, key: bytes) -> int:
        return len(self[key])


@dataclass(frozen=True)
class Features:
    """The tokens of many rows: ``features[i]`` is ``[l, d]``, of length 0 where missing.

    Values are float16; float32 where they are precomputed features, and whole numbers where they
    are pixels or words. Only keys are held; tokens are read from the store when they are asked for.

    Attributes:
        dim: d, the width of a token.
        encoded: how many distinct values went through the encoder now.
        reused: how many distinct values were in the store already.
        unreadable: why a row's value could not be read, by row; such a row is missing.
    """

    keys: Sequence[bytes | None]
    store: TokenSource
    dim: int
    encoded: int
    reused: int
    unreadable: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, row: int) -> Tensor:
        key = self.keys[row]
        return torch.empty(0, self.dim, dtype=torch.float16) if key is None else self.store[key]

    def length(self, row: int) -> int:
        """How many tokens a row has, which takes less than reading them."""
        key = self.keys[row]
        return 0 if key is None else self.store.length(key)

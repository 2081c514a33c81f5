"""Attentions with random weights, and what to call them with."""

import torch
from torch import Tensor

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.attention import CrossModalAttention

from .batches import shake

DIM = 8
HEADS = 2
MASKS = ("none", "padding", "full")


def make(*, seed: int = 0, key_dropout: float = 0.0, null_key: bool = True) -> CrossModalAttention:
    attention = CrossModalAttention(
        dim=DIM, num_heads=HEADS, key_dropout=key_dropout, null_key=null_key
    )
    shake(attention, seed)
    return attention.eval()


def attend(
    attention: CrossModalAttention, query: Tensor, key: Tokens, *, need_weights: bool = True
) -> tuple[Tensor, Tensor | None]:
    """Attend to tokens: keys and values are the same, and the mask is their padding."""
    return attention(query, key.values, key.values, key.mask, need_weights=need_weights)


def draw_query(rows: int, length: int) -> Tensor:
    return torch.randn(rows, length, DIM, generator=torch.Generator().manual_seed(length))


def draw_mask(kind: str, *, rows: int, queries: int, keys: int) -> Tensor | None:
    """No mask, one over the keys, or one over queries and keys; each query keeps a key."""
    shape = {"none": None, "padding": (rows, keys), "full": (rows, queries, keys)}[kind]
    if shape is None:
        return None
    mask = torch.rand(shape, generator=torch.Generator().manual_seed(5)) < 0.5
    mask[..., 1] = True
    return mask

"""Multi-head attention from the tokens of one modality to those of another."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chiasm.encoders.tokens import Tokens


class CrossModalAttention(nn.Module):
    """Multi-head cross-attention with key padding and a learned null key.

    Scaled dot-product attention of Vaswani et al., "Attention Is All You Need" (2017), eq. 1, over
    the keys of another modality and one learned *null key* that is always allowed. A query that
    finds nothing attends to the null key; where the other modality is missing it is the only key.
    So the output is finite for every mask, and the null key's weight says how little was used.

    Args:
        dim: width of queries, keys and output; divisible by ``heads``.
        heads: number of attention heads.
        key_dropout: probability that a key is hidden in training, from all queries of its row;
            never the null key. The weights of the others still sum to 1 (Li et al., "DropKey for
            Vision Transformer", 2023).

    Notation: b: batch, q: query tokens, k: key tokens, h: heads, d: dim, e: d / h.
    """

    def __init__(self, *, dim: int, heads: int, key_dropout: float = 0.0) -> None:
        super().__init__()
        if dim % heads:
            raise ValueError(f"dim must be divisible by heads; got dim={dim}, heads={heads}.")
        self.heads = heads
        self.key_dropout = key_dropout
        self.query = nn.Linear(dim, dim)
        self.key_value = nn.Linear(dim, 2 * dim)
        self.output = nn.Linear(dim, dim)
        self.null_key = nn.Parameter(torch.empty(heads, 1, dim // heads).normal_(std=0.02))
        self.null_value = nn.Parameter(torch.zeros(heads, 1, dim // heads))

    def forward(
        self, query: Tensor, key: Tokens, *, need_weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Attend from ``query`` ``[b, q, d]`` to ``key``.

        Returns:
            The output ``[b, q, d]``, and the weights ``[b, h, q, k + 1]`` (null key last) if asked
            for.
        """
        keys, values = self.key_value(key.values).chunk(2, dim=-1)
        queries = self._split_heads(self.query(query))
        keys = self._append_null(self._split_heads(keys), self.null_key)
        values = self._append_null(self._split_heads(values), self.null_value)
        # [b, k] -> [b, 1, 1, k + 1]
        allowed = F.pad(self._hide_some(key.mask), (0, 1), value=True)[:, None, None]

        mixed = F.scaled_dot_product_attention(queries, keys, values, attn_mask=allowed)
        # [b, h, q, e] -> [b, q, d]
        output = self.output(mixed.transpose(1, 2).flatten(2))
        return output, _weights(queries, keys, allowed) if need_weights else None

    def _hide_some(self, mask: Tensor) -> Tensor:
        if not self.training or self.key_dropout == 0.0:
            return mask
        return mask & (torch.rand(mask.shape, device=mask.device) >= self.key_dropout)

    def _split_heads(self, x: Tensor) -> Tensor:
        # [b, l, d] -> [b, h, l, e]
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)

    def _append_null(self, x: Tensor, null: Tensor) -> Tensor:
        # [b, h, k, e] -> [b, h, k + 1, e]
        return torch.cat([x, null.to(x.dtype).expand(len(x), -1, -1, -1)], dim=2)


def _weights(queries: Tensor, keys: Tensor, allowed: Tensor) -> Tensor:
    scores = queries @ keys.transpose(-2, -1) / math.sqrt(queries.shape[-1])
    return scores.masked_fill(~allowed, -math.inf).softmax(dim=-1)

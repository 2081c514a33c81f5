"""Multi-head attention from the tokens of one modality to those of another."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CrossModalAttention(nn.Module):
    """Multi-head cross-attention with padding and a learned null key.

    Scaled dot-product attention of Vaswani et al., "Attention Is All You Need" (2017), eq. 1, over
    the keys of another modality and one learned *null key* that is always allowed. A query that
    finds nothing attends to the null key; where the other modality is missing it is the only key.
    So the output is finite for every mask, and the null key's weight says how little was used.

    Without the null key, a query that may attend to no key gets zeros, in the output as in the
    weights: added to a residual stream, it learns nothing from the other modality.

    Args:
        dim: width of the heads together and of the output; divisible by ``num_heads``.
        num_heads: number of attention heads.
        query_dim: width of the queries; None: ``dim``.
        key_dim: width of the keys; None: ``dim``.
        value_dim: width of the values; None: ``dim``.
        key_dropout: probability that a key is hidden in training, from all queries of its row;
            never the null key. The weights of the others still sum to 1 (Li et al., "DropKey for
            Vision Transformer", 2023).
        null_key: whether there is a null key.

    Notation: b: batch, q: query tokens, k: key tokens, h: heads, d: dim, e: d / h.

    Example:
        >>> attention = CrossModalAttention(
        ...     dim=64, num_heads=4, query_dim=32, key_dim=80, value_dim=80
        ... )
        >>> words, patches = torch.randn(2, 7, 32), torch.randn(2, 49, 80)
        >>> output, weights = attention(words, patches, patches, need_weights=True)
        >>> output.shape, weights.shape
        (torch.Size([2, 7, 64]), torch.Size([2, 4, 7, 50]))
    """

    def __init__(
        self,
        *,
        dim: int,
        num_heads: int,
        query_dim: int | None = None,
        key_dim: int | None = None,
        value_dim: int | None = None,
        key_dropout: float = 0.0,
        null_key: bool = True,
    ) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(
                f"dim must be divisible by num_heads; got dim={dim}, num_heads={num_heads}."
            )
        self.num_heads = num_heads
        self.key_dropout = key_dropout
        self.query = nn.Linear(query_dim or dim, dim)
        self.key = nn.Linear(key_dim or dim, dim)
        self.value = nn.Linear(value_dim or dim, dim)
        self.output = nn.Linear(dim, dim)
        null = (num_heads, 1, dim // num_heads)
        self.null_key = nn.Parameter(torch.empty(null).normal_(std=0.02)) if null_key else None
        self.null_value = nn.Parameter(torch.zeros(null)) if null_key else None

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None = None,
        *,
        need_weights: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend from ``query`` ``[b, q, d_q]`` to ``key`` ``[b, k, d_k]``, whose values are mixed.

        ``value`` is ``[b, k, d_v]``; ``mask`` is bool, True where attention is allowed: ``[b, k]``
        for all queries alike, or ``[b, q, k]``.

        Returns:
            The output ``[b, q, d]``, and the weights ``[b, h, q, k + 1]`` (null key last; ``k``
            without it) if asked for.

        Raises:
            ValueError: keys and values differ in number, the mask is not bool, or its shape fits
                neither form.
        """
        if key.shape[:2] != value.shape[:2]:
            # Unchecked, the kernel would read and write memory that belongs to others.
            raise ValueError(
                f"Each key needs a value; got keys {tuple(key.shape)} and values "
                f"{tuple(value.shape)}."
            )
        queries = self._split_heads(self.query(query))
        keys = _append(self.null_key, self._split_heads(self.key(key)))
        values = _append(self.null_value, self._split_heads(self.value(value)))
        allowed = None if mask is None else _over_heads(mask, query, key)
        if self.training and self.key_dropout > 0.0:
            allowed = self._hide_keys(key, allowed)
        lost = None
        if allowed is not None and self.null_key is not None:
            allowed = F.pad(allowed, (0, 1), value=True)
        elif allowed is not None:
            # Some kernels give NaN for a softmax over no terms: these queries attend everywhere,
            # and then get zeros.
            lost = ~allowed.any(dim=-1, keepdim=True)
            allowed = allowed | lost

        mixed = F.scaled_dot_product_attention(queries, keys, values, attn_mask=allowed)
        # [b, h, q, e] -> [b, q, d]
        output: Tensor = self.output(mixed.transpose(1, 2).flatten(2))
        weights = _weights(queries, keys, allowed) if need_weights else None
        if lost is not None:
            output = output.masked_fill(lost[:, 0], 0.0)
            weights = None if weights is None else weights.masked_fill(lost, 0.0)
        return output, weights

    def _hide_keys(self, key: Tensor, allowed: Tensor | None) -> Tensor:
        kept = torch.rand(len(key), 1, 1, key.shape[1], device=key.device) >= self.key_dropout
        if allowed is None:
            allowed = torch.ones_like(kept)
        left = allowed & kept
        if self.null_key is not None:
            return left
        # Without a null key, a query that would lose all its keys keeps them.
        return torch.where(left.any(dim=-1, keepdim=True), left, allowed)

    def _split_heads(self, x: Tensor) -> Tensor:
        # [b, l, d] -> [b, h, l, e]
        return x.reshape(*x.shape[:2], self.num_heads, x.shape[2] // self.num_heads).transpose(1, 2)


def _append(null: Tensor | None, x: Tensor) -> Tensor:
    # [b, h, k, e] -> [b, h, k + 1, e]
    return (
        x
        if null is None
        else torch.cat([x, null.to(x.dtype).expand(x.shape[0], -1, -1, -1)], dim=2)
    )


def _over_heads(mask: Tensor, query: Tensor, key: Tensor) -> Tensor:
    padding = (key.shape[0], key.shape[1])
    full = (key.shape[0], query.shape[1], key.shape[1])
    if mask.dtype != torch.bool or mask.shape not in (padding, full):
        raise ValueError(
            f"The mask must be bool, True where attention is allowed, and [b, k] = {padding} or "
            f"[b, q, k] = {full}; got {mask.dtype} {tuple(mask.shape)}."
        )
    # [b, k] -> [b, 1, 1, k]; [b, q, k] -> [b, 1, q, k]
    return mask[:, None, None] if mask.dim() == 2 else mask[:, None]


def _weights(queries: Tensor, keys: Tensor, allowed: Tensor | None) -> Tensor:
    scores = queries @ keys.transpose(-2, -1) / math.sqrt(queries.shape[-1])
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -math.inf)
    return scores.softmax(dim=-1)

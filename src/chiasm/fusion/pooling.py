"""From a sequence of tokens to one vector."""

import torch
from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.attention import CrossModalAttention


class AttentivePooling(nn.Module):
    """A learned query gathers what matters from a sequence; a missing one gives a learned vector.

    The pooling by multi-head attention of Lee et al., "Set Transformer" (2019), eq. 11 with one
    seed, with a null key for a sequence that is missing or tells nothing.

    Shapes: Tokens ``[b, l, d]`` to ``[b, d]``.
    """

    def __init__(self, *, dim: int, heads: int) -> None:
        super().__init__()
        self.seed = nn.Parameter(torch.empty(1, 1, dim).normal_(std=0.02))
        self.attention = CrossModalAttention(dim=dim, heads=heads)

    def forward(self, tokens: Tokens) -> Tensor:
        gathered: Tensor
        seeds = self.seed.expand(tokens.values.shape[0], -1, -1)
        gathered, _ = self.attention(seeds, tokens.values, tokens.values, tokens.mask)
        return gathered[:, 0]

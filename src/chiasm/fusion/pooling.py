"""From a sequence of tokens to one vector."""

import math

import torch
from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens


class AttentivePooling(nn.Module):
    """Learned queries gather what matters from a sequence; a missing one gives a learned vector.

    The pooling by multi-head attention of Lee et al., "Set Transformer" (2019), eq. 11 with one
    seed a head. A seed is the same for all rows, so its projections and those of the keys and
    values are one matrix each: tokens are weighed and added as they are, and only the sums are
    projected. Scores are not scaled: what a seed learns is their scale too. A learned *null token*
    stands for what is missing or tells nothing.

    Shapes: Tokens ``[b, l, d]`` to ``[b, d]``.

    Notation: b: batch, l: tokens, d: width of a token, h: heads.
    """

    def __init__(self, *, dim: int, num_heads: int) -> None:
        super().__init__()
        self.seeds = nn.Parameter(torch.empty(num_heads, dim).normal_(std=0.02))
        self.null_token = nn.Parameter(torch.zeros(dim))
        self.softmax = nn.Softmax(dim=1)
        self.output = nn.Linear(num_heads * dim, dim)

    def forward(self, tokens: Tokens) -> Tensor:
        null = self.null_token.to(tokens.values.dtype).expand(len(tokens), 1, -1)
        values = torch.cat([tokens.values, null], dim=1)
        allowed = nn.functional.pad(tokens.mask, (0, 1), value=True)
        # [b, l + 1, d] -> [b, l + 1, h]
        scores = values @ self.seeds.T
        weights: Tensor = self.softmax(scores.masked_fill(~allowed[..., None], -math.inf))
        # [b, h, l + 1] @ [b, l + 1, d] -> [b, h, d]
        gathered = weights.transpose(1, 2) @ values
        pooled: Tensor = self.output(gathered.flatten(1))
        return pooled

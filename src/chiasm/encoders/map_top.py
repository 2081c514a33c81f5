"""MapTop: the trained part of a network that computes maps, not sequences."""

import math
from collections.abc import Sequence

from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens
from chiasm.encoders.tuned_top import TunedTop


class MapTop(TunedTop):
    """Lays tokens out as the square map that they were, and the resulting map as tokens.

    Shapes: Tokens ``[b, s * s, d]``, row by row, to Tokens ``[b, t * t, e]``.
    """

    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, tokens: Tokens) -> Tokens:
        rows, length, width = tokens.values.shape
        side = math.isqrt(length)
        # [b, s * s, d] -> [b, d, s, s], already in channels_last memory order
        maps: Tensor = self.layers(tokens.values.view(rows, side, side, width).permute(0, 3, 1, 2))
        values = maps.flatten(2).transpose(1, 2)
        return Tokens(values, tokens.present[:, None].expand(values.shape[:2]))

    def blocks(self) -> Sequence[nn.Module]:
        return list(self.layers)

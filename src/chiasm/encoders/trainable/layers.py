"""The part of an encoder that is trained with the fusion."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


class TrainableLayers(nn.Module, ABC):
    """The last blocks of a pretrained network; batch norms keep their published statistics.

    A few hundred steps on small batches would replace statistics of millions of images. Only a
    network that starts from random weights has none worth keeping.
    """

    keeps_statistics = True

    @abstractmethod
    def forward(self, tokens: Tokens) -> Tokens:
        """Finish what the frozen layers began."""

    @abstractmethod
    def blocks(self) -> Sequence[nn.Module]:
        """The blocks, first to last: the further from the end, the slower they are trained."""

    def train(self, mode: bool = True) -> "TrainableLayers":
        """Switch dropout on or off, and leave batch norms off where they keep their statistics."""
        super().train(mode)
        for module in self.modules():
            if self.keeps_statistics and isinstance(module, _BATCH_NORMS):
                module.eval()
        return self


class TrainableMapLayers(TrainableLayers):
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

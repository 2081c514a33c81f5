"""TunedTop: the part of an encoder that is trained with the fusion."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from chiasm.encoders.tokens import Tokens


class TunedTop(nn.Module, ABC):
    """The last blocks of a pretrained network; batch norms keep their published statistics.

    A few hundred steps on small batches would replace statistics of millions of pictures. Only a
    network that starts from random weights has none worth keeping.
    """

    keeps_statistics = True

    @abstractmethod
    def forward(self, tokens: Tokens) -> Tokens:
        """Finish what the trunk began."""

    @abstractmethod
    def blocks(self) -> Sequence[nn.Module]:
        """The blocks, first to last: the further from the end, the slower they are trained."""

    def train(self, mode: bool = True) -> "TunedTop":
        """Switch dropout on or off, and leave batch norms off where they keep their statistics."""
        super().train(mode)
        for module in self.modules():
            if self.keeps_statistics and isinstance(module, _BatchNorm):
                module.eval()
        return self

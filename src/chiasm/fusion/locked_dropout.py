"""Dropout that takes the same features from all tokens of a row."""

from torch import Tensor, nn
from torch.nn import functional as F


class LockedDropout(nn.Module):
    """Drops features, the same ones in every token of a row.

    A feature dropped from one token only would be read off its neighbour (Gal and Ghahramani, "A
    Theoretically Grounded Application of Dropout in Recurrent Neural Networks", 2016).

    Shapes: ``[b, l, d]`` to the same.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return values
        return values * F.dropout(values.new_ones(len(values), 1, values.shape[2]), self.p)

"""Standardise: bring raw features of any scale to mean 0 and variance 1."""

import torch
from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens

# So many deviations from the mean no row of a training can be; beyond, the fusion's squares would
# leave float32.
_FARTHEST = 1e4
# A spread this small beside the mean is rounding: such a feature is constant.
_ROUNDING = 1e-5


class Standardise(nn.Module):
    """Standardises each feature by the real tokens of all rows it was trained on.

    Mean and variance are those of every token seen in training so far, merged batch by batch (Chan
    et al., "Algorithms for Computing the Sample Variance", 1983), and are used in training and
    evaluation alike: unlike with batch normalisation a row never depends on its batch's others once
    the data has been seen. A feature that never varies is only centred, its rounding
    kept small. What lies farther from the mean than 10,000 deviations is taken to lie there.

    Shapes: Tokens ``[b, l, d]`` to ``[b, l, d]``; positions that are not real become 0.
    """

    count: Tensor
    mean: Tensor
    variance: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("variance", torch.zeros(dim))

    def forward(self, tokens: Tokens) -> Tokens:
        padding = ~tokens.mask[..., None]
        # [b, l, d]
        values = tokens.values.masked_fill(padding, 0)
        if self.training:
            self._merge(values.detach(), tokens.mask)
        deviation = self.variance.sqrt()
        rounding = _ROUNDING * self.mean.abs()
        scale = torch.where(deviation > rounding, deviation, rounding.clamp(min=1))
        standardised = ((values - self.mean) / scale).clamp(-_FARTHEST, _FARTHEST)
        return Tokens(standardised.masked_fill(padding, 0), tokens.mask)

    def _merge(self, values: Tensor, mask: Tensor) -> None:
        """Take a batch into the statistics; ``values`` are 0 where ``mask`` is False."""
        count = mask.sum()
        mean = values.sum((0, 1)) / count.clamp(min=1)
        squares = (values - mean).square() * mask[..., None]
        variance = squares.sum((0, 1)) / count.clamp(min=1)
        self.count += count
        share = count / self.count.clamp(min=1)
        shift = mean - self.mean
        self.variance += share * (variance - self.variance + (1 - share) * shift.square())
        self.mean += share * shift

"""A gate decides, feature by feature, which modality to believe."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.base import Fusion, FusionOutput
from chiasm.fusion.tower import towers


class Gated(Fusion):
    """Gated multimodal unit: for each feature, a softmax over the modalities weighs their vectors.

    Arevalo et al., "Gated Multimodal Units for Information Fusion" (2017), eq. 4, with the softmax
    over modalities (never over features, which would scale everything by 1 / d) so that a missing
    modality gets weight 0 and the others share the whole.
    """

    def __init__(self, *, input_dims: dict[str, int], dim: int, dropout: float) -> None:
        super().__init__()
        self.dim = dim
        self.towers = towers(input_dims, dim=dim, dropout=dropout)
        self.gate = nn.Linear(dim * len(input_dims), dim * len(input_dims))

    def forward(self, tokens: Mapping[str, Tokens], *, need_weights: bool = False) -> FusionOutput:
        # [b, modalities, d] and [b, modalities]
        vectors = torch.stack([tower(tokens[m]) for m, tower in self.towers.items()], dim=1)
        present = torch.stack([tokens[m].present for m in self.towers], dim=1)
        scores = self.gate(vectors.flatten(1)).view_as(vectors)
        return FusionOutput((_softmax_over_present(scores, present) * vectors).sum(dim=1))


def _softmax_over_present(scores: Tensor, present: Tensor) -> Tensor:
    # A row with nothing present falls back to equal terms: a softmax over no terms is NaN.
    allowed = present | ~present.any(dim=1, keepdim=True)
    return scores.masked_fill(~allowed[..., None], -math.inf).softmax(dim=1)

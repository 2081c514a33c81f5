"""Each modality decides alone; the decisions are averaged."""

from collections.abc import Mapping

import torch

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.base import Fusion, FusionOutput
from chiasm.fusion.tower import towers


class Late(Fusion):
    """Mean of the modalities' logits, over those that are present.

    Computed as the mean of the towers' vectors: the head is linear, so the mean of the logits it
    gives each vector is the logits it gives their mean. A row with nothing present gets the zero
    vector, and so the head's bias.
    """

    def __init__(self, *, input_dims: dict[str, int], dim: int, dropout: float) -> None:
        super().__init__()
        self.dim = dim
        self.towers = towers(input_dims, dim=dim, dropout=dropout)

    def forward(self, tokens: Mapping[str, Tokens], *, need_weights: bool = False) -> FusionOutput:
        # [b, modalities, d] and [b, modalities, 1]
        vectors = torch.stack([tower(tokens[m]) for m, tower in self.towers.items()], dim=1)
        present = torch.stack([tokens[m].present for m in self.towers], dim=1)[..., None]
        total = (vectors * present).sum(dim=1)
        return FusionOutput(total / present.sum(dim=1).clamp(min=1))

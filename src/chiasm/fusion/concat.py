"""The vectors of all modalities, side by side."""

from collections.abc import Mapping

import torch

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.base import Fusion, FusionOutput
from chiasm.fusion.tower import towers


class Concat(Fusion):
    """Concatenates one vector a modality."""

    def __init__(self, *, input_dims: dict[str, int], dim: int, dropout: float) -> None:
        super().__init__()
        self.dim = dim * len(input_dims)
        self.towers = towers(input_dims, dim=dim, dropout=dropout)

    def forward(self, tokens: Mapping[str, Tokens], *, need_weights: bool = False) -> FusionOutput:
        vectors = [tower(tokens[modality]) for modality, tower in self.towers.items()]
        return FusionOutput(torch.cat(vectors, dim=-1))

"""A published gate that does not work, kept to show why."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.base import Fusion, FusionOutput
from chiasm.fusion.tower import towers


class FeatureGate(Fusion):
    """Do not use this fusion: it fails by design. Use ``gated``.

    Its gate is a softmax over the *features* of all modalities together, multiplied onto them. A
    softmax over n features sums to 1, so it scales each by about 1 / n (1 / 512 as published): what
    reaches the head, and so every logit and gradient, is hundreds of times too small, and the loss
    hardly moves. It is here so that a comparison can show that.
    """

    def __init__(self, *, input_dims: dict[str, int], dim: int, dropout: float) -> None:
        super().__init__()
        self.dim = dim * len(input_dims)
        self.towers = towers(input_dims, dim=dim, dropout=dropout)
        self.gate = nn.Linear(self.dim, self.dim)

    def forward(self, tokens: Mapping[str, Tokens], *, need_weights: bool = False) -> FusionOutput:
        vectors = [tower(tokens[modality]) for modality, tower in self.towers.items()]
        features: Tensor = torch.cat(vectors, dim=-1)
        return FusionOutput(self.gate(features).softmax(dim=-1) * features)

"""The baseline every fusion has to beat: one modality alone."""

from collections.abc import Mapping

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.base import Fusion, FusionOutput
from chiasm.fusion.tower import Tower


class Unimodal(Fusion):
    """Reads one modality and never looks at the others."""

    def __init__(self, *, modality: str, input_dim: int, dim: int, dropout: float) -> None:
        super().__init__()
        self.modality = modality
        self.dim = dim
        self.tower = Tower(input_dim=input_dim, dim=dim, dropout=dropout)

    def forward(self, tokens: Mapping[str, Tokens], *, need_weights: bool = False) -> FusionOutput:
        return FusionOutput(self.tower(tokens[self.modality]))

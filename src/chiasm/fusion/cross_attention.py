"""Every modality asks every other: the fusion this project is named for."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.attention import CrossModalAttention
from chiasm.fusion.base import Fusion, FusionOutput, TokenProjection
from chiasm.fusion.locked_dropout import LockedDropout
from chiasm.fusion.pooling import AttentivePooling


class CrossAttention(Fusion):
    """Directed cross-attention between all pairs of modalities, then attentive pooling of each.

    The tokens of each modality query those of every other ("text->image" is text asking the
    picture) in pre-norm residual blocks; all read the tokens as projected, so no direction comes
    first. Both padding masks are respected, and a null key takes what a query does not find.
    """

    def __init__(
        self,
        *,
        input_dims: dict[str, int],
        dim: int,
        heads: int,
        dropout: float,
        key_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.dim = dim * len(input_dims)
        self.projections = nn.ModuleDict(
            {
                modality: TokenProjection(input_dim=input_dim, dim=dim, dropout=dropout)
                for modality, input_dim in input_dims.items()
            }
        )
        self.norms = nn.ModuleDict({modality: nn.LayerNorm(dim) for modality in input_dims})
        self.attentions = nn.ModuleDict(
            {
                f"{asking}->{asked}": CrossModalAttention(
                    dim=dim, heads=heads, key_dropout=key_dropout
                )
                for asking in input_dims
                for asked in input_dims
                if asking != asked
            }
        )
        self.pools = nn.ModuleDict(
            {modality: AttentivePooling(dim=dim, heads=heads) for modality in input_dims}
        )
        self.residual_dropout = LockedDropout(dropout)
        self.output = nn.Sequential(nn.GELU(), nn.Dropout(dropout))

    def forward(self, tokens: Mapping[str, Tokens], *, need_weights: bool = False) -> FusionOutput:
        projected = {m: project(tokens[m]) for m, project in self.projections.items()}
        normed = {
            m: Tokens(norm(projected[m].values), projected[m].mask)
            for m, norm in self.norms.items()
        }
        mixed = {modality: t.values for modality, t in projected.items()}
        attention: dict[str, Tensor] = {}
        for direction, attend in self.attentions.items():
            asking, asked = direction.split("->")
            found, weights = attend(normed[asking].values, normed[asked], need_weights=need_weights)
            mixed[asking] = mixed[asking] + self.residual_dropout(found)
            if weights is not None:
                attention[direction] = weights
        pooled = [
            pool(Tokens(mixed[modality], tokens[modality].mask))
            for modality, pool in self.pools.items()
        ]
        return FusionOutput(self.output(torch.cat(pooled, dim=-1)), attention)

"""Every modality asks every other: the fusion this project is named for."""

from collections.abc import Mapping, Sequence
from itertools import permutations

import torch
from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens
from chiasm.errors import ChiasmError
from chiasm.fusion.attention import CrossModalAttention
from chiasm.fusion.base import Fusion, FusionOutput, TokenProjection
from chiasm.fusion.locked_dropout import LockedDropout
from chiasm.fusion.pooling import AttentivePooling


class CrossAttention(Fusion):
    """Directed cross-attention between modalities, then attentive pooling of each.

    The tokens of one modality query those of another ("text->image" is text asking the image) in
    pre-norm residual blocks; all read the tokens as projected, so no direction comes first. Both
    padding masks are respected, and a null key takes what a query does not find.

    Args:
        input_dims: width of the tokens of each modality.
        dim: width of the attention, and of the part of the output that each modality has.
        num_heads: number of attention heads.
        dropout: probability that a feature is dropped in training.
        key_dropout: probability that a key is hidden in training (see CrossModalAttention).
        directions: who asks whom; None: every modality asks every other. A modality that has no
            part in them is pooled all the same.

    Raises:
        ChiasmError: a direction is not between two of the modalities or is given twice, or there
            is none.
    """

    def __init__(
        self,
        *,
        input_dims: dict[str, int],
        dim: int,
        num_heads: int,
        dropout: float,
        key_dropout: float = 0.0,
        directions: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        directions = _choose(directions, tuple(input_dims))
        self.dim = dim * len(input_dims)
        self.projections = nn.ModuleDict(
            {
                modality: TokenProjection(input_dim=input_dim, dim=dim, dropout=dropout)
                for modality, input_dim in input_dims.items()
            }
        )
        taking_part = {modality for direction in directions for modality in direction.split("->")}
        self.norms = nn.ModuleDict({m: nn.LayerNorm(dim) for m in input_dims if m in taking_part})
        self.attentions = nn.ModuleDict(
            {
                direction: CrossModalAttention(
                    dim=dim, num_heads=num_heads, key_dropout=key_dropout
                )
                for direction in directions
            }
        )
        self.pools = nn.ModuleDict(
            {modality: AttentivePooling(dim=dim, num_heads=num_heads) for modality in input_dims}
        )
        self.residual_dropout = LockedDropout(dropout)
        self.output = nn.Sequential(nn.GELU(), nn.Dropout(dropout))

    def forward(self, tokens: Mapping[str, Tokens], *, need_weights: bool = False) -> FusionOutput:
        mixed = {m: project(tokens[m]).values for m, project in self.projections.items()}
        normed = {m: norm(mixed[m]) for m, norm in self.norms.items()}
        attention: dict[str, Tensor] = {}
        for direction, attend in self.attentions.items():
            query, key = direction.split("->")
            found, weights = attend(
                normed[query],
                normed[key],
                normed[key],
                tokens[key].mask,
                need_weights=need_weights,
            )
            mixed[query] = mixed[query] + self.residual_dropout(found)
            if weights is not None:
                attention[direction] = weights
        pooled = [
            pool(Tokens(mixed[modality], tokens[modality].mask))
            for modality, pool in self.pools.items()
        ]
        return FusionOutput(self.output(torch.cat(pooled, dim=-1)), attention)


def _choose(directions: Sequence[str] | None, modalities: Sequence[str]) -> Sequence[str]:
    every = ["->".join(pair) for pair in permutations(modalities, 2)]
    if directions is None:
        return every
    if (
        not directions
        or not set(directions) <= set(every)
        or len(set(directions)) < len(directions)
    ):
        raise ChiasmError(
            f"Cross-attention of {' and '.join(modalities)} cannot have the directions "
            f"{list(directions)}. Choose one or more, each once, from: {', '.join(every)}."
        )
    return directions

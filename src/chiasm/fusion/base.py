"""What every fusion promises, and the projection that all of them start with."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.locked_dropout import LockedDropout


@dataclass(frozen=True)
class FusionOutput:
    """One vector a row, and the attention that made it.

    ``features`` is ``[b, h]``. ``attention`` maps "text->image" to weights
    ``[b, heads, l_q, l_k + 1]`` whose last key is the null key; rows sum to 1 over allowed keys. It
    is empty unless asked for, and for fusions without attention.
    """

    features: Tensor
    attention: dict[str, Tensor] = field(default_factory=dict)


class Fusion(nn.Module, ABC):
    """Combines the Tokens of one or more modalities into one vector a row.

    Output and gradients are finite for every pattern of missing modalities, and asking for the
    attention never changes ``features``.
    """

    dim: int

    @abstractmethod
    def forward(self, tokens: Mapping[str, Tokens], *, need_weights: bool = False) -> FusionOutput:
        """Fuse a batch; ``tokens`` holds every modality the fusion was built for."""


class TokenProjection(nn.Module):
    """Brings the tokens of one modality to the common width: normalise, drop out, project.

    The dropout comes before the projection because frozen features are wide and examples are few:
    the projection is where a fusion overfits.

    Shapes: values ``[b, l, d_in]`` to ``[b, l, d]``.
    """

    def __init__(self, *, input_dim: int, dim: int, dropout: float) -> None:
        super().__init__()
        # Scale and shift would only repeat what the projection can do.
        self.norm = nn.LayerNorm(input_dim, elementwise_affine=False)
        self.dropout = LockedDropout(dropout)
        self.linear = nn.Linear(input_dim, dim)

    def forward(self, tokens: Tokens) -> Tokens:
        return Tokens(self.linear(self.dropout(self.norm(tokens.values))), tokens.mask)

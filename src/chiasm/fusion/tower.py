"""One modality on its own: from its tokens to one vector."""

from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens


class Tower(nn.Module):
    """Mean over the real tokens, then one hidden layer.

    A missing modality enters as the zero vector and leaves the linear layer as its bias: the tower
    learns what to say of it.

    Shapes: Tokens ``[b, l, d_in]`` to ``[b, d]``.
    """

    def __init__(self, *, input_dim: int, dim: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(input_dim, elementwise_affine=False),
            nn.Dropout(dropout),
            nn.Linear(input_dim, dim),
            nn.GELU(),
            nn.Dropout(dropout),
        )

    def forward(self, tokens: Tokens) -> Tensor:
        features: Tensor = self.layers(tokens.mean())
        return features


def towers(input_dims: dict[str, int], *, dim: int, dropout: float) -> nn.ModuleDict:
    """One tower a modality."""
    return nn.ModuleDict(
        {
            modality: Tower(input_dim=input_dim, dim=dim, dropout=dropout)
            for modality, input_dim in input_dims.items()
        }
    )

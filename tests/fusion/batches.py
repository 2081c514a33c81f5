"""Random batches in which any modality of any row may be missing."""

from collections.abc import Mapping, Sequence
from itertools import product

import torch
from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens, pad

TWO = ("text", "image")
THREE = ("text", "image", "audio")
INPUT_DIMS = {"text": 6, "image": 10, "audio": 3}
LONGEST = {"text": 5, "image": 7, "audio": 4}


def draw_tokens(present: Sequence[bool], *, dim: int, longest: int, seed: int) -> Tokens:
    """Rows of 1 to ``longest`` random tokens, of which those not present have none."""
    random = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, longest + 1, (len(present),), generator=random).tolist()
    return pad(
        [
            torch.randn(length * there, dim, generator=random)
            for length, there in zip(lengths, present, strict=True)
        ]
    )


def draw_batch(
    modalities: Sequence[str], patterns: Sequence[Sequence[bool]], *, seed: int = 0
) -> dict[str, Tokens]:
    """A row for each pattern, which says for each modality whether it is there."""
    return {
        modality: draw_tokens(
            [pattern[index] for pattern in patterns],
            dim=INPUT_DIMS[modality],
            longest=LONGEST[modality],
            seed=10 * seed + index,
        )
        for index, modality in enumerate(modalities)
    }


def every_pattern(modalities: Sequence[str]) -> list[tuple[bool, ...]]:
    """All modalities there, ..., none of them there."""
    return list(product([True, False], repeat=len(modalities)))


def select(batch: Mapping[str, Tokens], rows: Sequence[int]) -> dict[str, Tokens]:
    index = torch.tensor(rows)
    return {m: Tokens(t.values[index], t.mask[index]) for m, t in batch.items()}


def spoil(tokens: Tokens, *, further: int = 0, size: float = 1e4) -> Tokens:
    """The same tokens with garbage wherever the mask says that there is none."""
    random = torch.Generator().manual_seed(99)
    rows, length, dim = tokens.values.shape
    values = size * torch.randn(rows, length + further, dim, generator=random)
    mask = torch.zeros(rows, length + further, dtype=torch.bool)
    mask[:, :length] = tokens.mask
    values[mask] = tokens.values[tokens.mask]
    return Tokens(values.to(tokens.values), mask)


def shake(module: nn.Module, seed: int = 0) -> None:
    """Give every parameter a random value: fresh biases and null values are zero and hide much."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=random))


def equal(a: Tensor, b: Tensor, *, tolerance: float = 1e-6) -> bool:
    return torch.allclose(a, b, atol=tolerance, rtol=tolerance)

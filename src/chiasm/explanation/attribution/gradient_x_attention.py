"""Gradient x attention: how much what was read from each token speaks for a class."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens
from chiasm.explanation.attribution.target import Target
from chiasm.fusion.attention import CrossModalAttention
from chiasm.fusion.pooling import AttentivePooling
from chiasm.model.classifier import FusionClassifier


def gradient_x_attention(
    model: FusionClassifier, batch: Mapping[str, Tokens], target: Target
) -> dict[str, Tensor]:
    """Each token's attention weights times their gradients, summed over heads and queries.

    Of every attention that reads the modality, by another modality or in pooling: eq. 5 of Chefer
    et al., "Generic Attention-model Explainability" (2021), without dropping what speaks against.
    Computed as the gradient of a gate of 1 on the value of each key, which is that very sum.
    """
    gates = {
        modality: torch.ones_like(tokens.values[..., 0], requires_grad=True)
        for modality, tokens in batch.items()
    }
    with _gated(model.fusion, gates):
        score = target.explained(model, batch)
    gradients = torch.autograd.grad(score.sum(), list(gates.values()))
    return dict(zip(gates, gradients, strict=True))


@contextmanager
def _gated(fusion: nn.Module, gates: Mapping[str, Tensor]) -> Iterator[None]:
    handles = [
        part.register_forward_hook(
            lambda _module, _given, of_tokens, gate=gates[modality]: _multiply(of_tokens, gate)
        )
        for modality, part in _readers(fusion)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _readers(fusion: nn.Module) -> list[tuple[str, nn.Module]]:
    """Of every attention the part in which each token has a place, with the modality it reads."""
    found: list[tuple[str, nn.Module]] = []
    for name, module in fusion.named_modules():
        if isinstance(module, CrossModalAttention):
            # "attentions.text->image"
            found.append((name.split("->")[-1], module.value))
        elif isinstance(module, AttentivePooling):
            # "pools.image"
            found.append((name.split(".")[-1], module.softmax))
    return found


def _multiply(of_tokens: Tensor, gate: Tensor) -> Tensor:
    """``[b, l, ...]`` by ``[b, l]``; a null token after the others is not gated."""
    nulls = of_tokens.shape[1] - gate.shape[1]
    return of_tokens * nn.functional.pad(gate, (0, nulls), value=1.0)[..., None]

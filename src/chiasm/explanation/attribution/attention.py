"""Attention: how much the other modalities look at each token."""

from collections.abc import Mapping

import torch
from torch import Tensor

from chiasm.encoders.tokens import Tokens
from chiasm.explanation.attribution.target import Target
from chiasm.model.classifier import FusionClassifier


@torch.no_grad()
def attention(
    model: FusionClassifier, batch: Mapping[str, Tokens], target: Target
) -> dict[str, Tensor]:
    """The weight that each token gets, its mean over heads, queries and directions.

    It says where the model looked, not why it decided: it is the same for every class.
    """
    received: dict[str, list[Tensor]] = {}
    for direction, weights in (model.classify(batch, need_weights=True).attention or {}).items():
        query, key = direction.split("->")
        mask = batch[query].mask
        # [b, h, q, k + 1] -> [b, q, k] -> [b, k]
        seen = weights[..., :-1].mean(dim=1) * mask[..., None]
        share = seen.sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1)
        received.setdefault(key, []).append(share)
    return {modality: torch.stack(shares).mean(dim=0) for modality, shares in received.items()}

"""Occlusion: what is lost without a token."""

from collections.abc import Mapping

import torch
from torch import Tensor

from chiasm.encoders.tokens import Tokens
from chiasm.explanation.attribution.target import Target
from chiasm.model.classifier import FusionClassifier


@torch.no_grad()
def occlusion(
    model: FusionClassifier, batch: Mapping[str, Tokens], target: Target
) -> dict[str, Tensor]:
    """How much the log-odds fall when a single token is masked.

    Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (2014), section 4.2,
    with a mask in place of a grey square.
    """
    whole = target.explained(model, batch)
    scores = {}
    for modality, tokens in batch.items():
        lost = torch.zeros_like(tokens.values[..., 0])
        for position in range(tokens.mask.shape[1]):
            mask = tokens.mask.clone()
            mask[:, position] = False
            without = {**batch, modality: Tokens(tokens.values, mask)}
            lost[:, position] = whole - target.explained(model, without)
        scores[modality] = lost
    return scores

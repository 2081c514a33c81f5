"""Integrated gradients on tokens."""

import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from torch import Tensor

from chiasm.encoders.tokens import Tokens
from chiasm.explanation.attribution.target import Target
from chiasm.fusion.cross_attention import CrossAttention
from chiasm.model.classifier import FusionClassifier
from chiasm.utils.extras import needs_extra

_STEPS = 16


def integrated_gradients(
    model: FusionClassifier, batch: Mapping[str, Tokens], target: Target
) -> dict[str, Tensor]:
    """What each token adds to the log-odds on the way from tokens that say nothing to all of them.

    Sundararajan et al., "Axiomatic Attribution for Deep Networks" (2017), eq. 1, by captum. The
    tokens are taken after the normalisation that the fusion starts with, where a token of zeros
    says nothing; before it, every length of a token would be the same.

    Raises:
        ChiasmError: captum is not installed.
    """
    fusion = model.fusion
    if not isinstance(fusion, CrossAttention):
        raise TypeError(f"{type(fusion).__name__} does not read tokens one by one.")
    modalities = list(batch)

    def log_odds(*given: Tensor) -> Tensor:
        values, masks = given[: len(modalities)], given[len(modalities) : 2 * len(modalities)]
        tokens = map(Tokens, values, masks)
        encoded = dict(zip(modalities, tokens, strict=True))
        return Target(*given[2 * len(modalities) :]).explained(model, encoded)

    layers = [fusion.projections[modality].norm for modality in modalities]
    classes = [indices for indices in (target.classes, target.contrast) if indices is not None]
    with warnings.catch_warnings():
        # It asks that no layer feeds another, and none does.
        warnings.filterwarnings("ignore", message="Multiple layers provided")
        found = (
            import_captum()
            .LayerIntegratedGradients(log_odds, layers)
            .attribute(
                tuple(tokens.values for tokens in batch.values()),
                additional_forward_args=(*(tokens.mask for tokens in batch.values()), *classes),
                n_steps=_STEPS,
            )
        )
    # [b, l, d] -> [b, l]
    return {m: scores.sum(dim=2).float() for m, scores in zip(modalities, found, strict=True)}


def import_captum() -> Any:
    """The package that computes them.

    Raises:
        ChiasmError: it is not installed.
    """
    with needs_extra("explain", "Integrated gradients are computed by the package captum"):
        return import_module("captum.attr")

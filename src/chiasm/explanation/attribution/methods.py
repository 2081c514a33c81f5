"""The methods of attribution, all with one signature."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from torch import Tensor

from chiasm.encoders.tokens import Tokens
from chiasm.explanation.attribution.attention import attention
from chiasm.explanation.attribution.gradient_x_attention import gradient_x_attention
from chiasm.explanation.attribution.integrated_gradients import (
    import_captum,
    integrated_gradients,
)
from chiasm.explanation.attribution.occlusion import occlusion
from chiasm.explanation.attribution.target import Target
from chiasm.fusion.cross_attention import CrossAttention
from chiasm.model.classifier import FusionClassifier

# Scores [b, l] of the encoded tokens of each modality that the method can score.
Method: TypeAlias = Callable[[FusionClassifier, Mapping[str, Tokens], Target], dict[str, Tensor]]

METHODS: dict[str, Method] = {
    "attention": attention,
    "gradient x attention": gradient_x_attention,
    "integrated gradients": integrated_gradients,
    "occlusion": occlusion,
}


def methods_for(model: FusionClassifier) -> tuple[str, ...]:
    """The methods that say something of this model: all of them only if it reads by attention."""
    return tuple(METHODS) if isinstance(model.fusion, CrossAttention) else ("occlusion",)


def check_methods(model: FusionClassifier) -> None:
    """Make sure that all of them can be computed, before the rows are encoded.

    Raises:
        ChiasmError: a package that one of them needs is not installed.
    """
    if "integrated gradients" in methods_for(model):
        import_captum()

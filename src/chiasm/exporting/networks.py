"""The parts of a model as networks from plain tensors to plain tensors."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from chiasm.encoders.export_spec import ExportSpec
from chiasm.encoders.features.encoding import in_half
from chiasm.encoders.tokens import Tokens
from chiasm.model.classifier import ClassifierOutput, FusionClassifier


class ExportedEncoder(nn.Module):
    """Frozen layers, rounding as in the cache, trainable layers: values to tokens ``[b, l, d]``."""

    def __init__(self, frozen: ExportSpec, trainable: nn.Module) -> None:
        super().__init__()
        self._frozen = frozen
        self.network = frozen.network
        self.trainable_layers = trainable

    def forward(self, given: Sequence[Tensor]) -> Tensor:
        found = self._frozen.tokens(*given)
        mask = torch.ones(found.shape[:2], dtype=torch.bool)
        if self._frozen.is_sequence:
            _, mask = given
        if self._frozen.is_cached:
            found = in_half(found)
        tokens: Tokens = self.trainable_layers(Tokens(found.float().contiguous(), mask))
        return tokens.values


class ExportedFusion(nn.Module):
    """Fusion and head: tokens and mask of each modality in turn to logits, then the attention."""

    def __init__(self, model: FusionClassifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, given: Sequence[Tensor]) -> tuple[Tensor, ...]:
        output = self.classify(given)
        return (output.logits, *(output.attention or {}).values())

    def classify(self, given: Sequence[Tensor]) -> ClassifierOutput:
        """The same, each attention by its name."""
        pairs = zip(self.model.modalities, given[::2], given[1::2], strict=True)
        encoded = {modality: Tokens(values, mask) for modality, values, mask in pairs}
        return self.model.classify(encoded, need_weights=True)

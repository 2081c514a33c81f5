"""The loss that training minimises, and the heads of each modality alone that share it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chiasm.encoders.tokens import Tokens
from chiasm.model.classifier import ClassifierOutput, FusionClassifier
from chiasm.training.config import ClassWeight
from chiasm.utils.arrays import Indices

_EXPONENTS: dict[ClassWeight, float] = {"none": 0.0, "sqrt": 0.5, "balanced": 1.0}


class ClassificationLoss:
    """Cross-entropy with label smoothing and class weights, in the form that Trainer calls.

    The losses of modalities alone, where the model gives them, are over the rows that have that
    modality; their mean is added with weight ``auxiliary``.
    """

    def __init__(
        self, *, class_weights: Tensor, label_smoothing: float, auxiliary: float = 0.0
    ) -> None:
        self.class_weights = class_weights
        self.label_smoothing = label_smoothing
        self.auxiliary = auxiliary

    def __call__(self, outputs: ClassifierOutput, labels: Tensor, **_: Any) -> Tensor:
        """Mean loss of a batch; Trainer's other arguments concern losses that are sums."""
        loss = self._cross_entropy(outputs.logits, labels)
        alone = [
            self._cross_entropy(logits[present], labels[present])
            for logits, present in (outputs.auxiliary or {}).values()
            if present.any()
        ]
        return loss + self.auxiliary * torch.stack(alone).mean() if alone else loss

    def _cross_entropy(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(
            logits,
            labels,
            weight=self.class_weights.to(logits),
            label_smoothing=self.label_smoothing,
        )


def class_weights(labels: Indices, classes: int, kind: ClassWeight) -> Tensor:
    """Weight of each class ``[classes]`` by its frequency among ``labels``; they average 1."""
    counts = np.maximum(np.bincount(labels, minlength=classes), 1)
    weights = counts.astype(np.float64) ** -_EXPONENTS[kind]
    return torch.tensor(weights / weights.mean(), dtype=torch.float32)


class WithAuxiliaryHeads(nn.Module):
    """A model in training, with one more linear head for each modality alone.

    Their losses keep the encoder of the weaker modality learning where the stronger one already
    explains the label (Wang et al., "What Makes Training Multi-Modal Classification Networks
    Hard?", 2020). After training only ``model`` is kept.
    """

    def __init__(self, model: FusionClassifier) -> None:
        super().__init__()
        self.model = model
        self.heads = nn.ModuleDict(
            {m: nn.Linear(e.dim, len(model.classes)) for m, e in model.encoders.items()}
        )

    def forward(self, tokens: Mapping[str, Tokens]) -> ClassifierOutput:
        encoded = self.model.encode(tokens)
        output = self.model.classify(encoded)
        if self.training:
            output["auxiliary"] = {
                m: (head(encoded[m].mean()), encoded[m].present) for m, head in self.heads.items()
            }
        return output

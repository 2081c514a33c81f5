"""The loss that training minimises, and the heads of each modality alone that share it."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens
from chiasm.model.classifier import ClassifierOutput, FusionClassifier
from chiasm.tasks.base import Loss


class TrainingLoss:
    """The loss of a task, with those of modalities alone, in the form that Trainer calls.

    The losses of modalities alone, where the model gives them, are over the rows that have that
    modality; their mean is added with weight ``auxiliary``.
    """

    def __init__(self, loss: Loss, *, auxiliary: float = 0.0) -> None:
        self.loss = loss
        self.auxiliary = auxiliary

    def __call__(self, outputs: ClassifierOutput, labels: Tensor, **_: Any) -> Tensor:
        """Mean loss of a batch; Trainer's other arguments concern losses that are sums."""
        loss = self.loss(outputs.logits, labels)
        alone = [
            self.loss(logits[present], labels[present])
            for logits, present in (outputs.auxiliary or {}).values()
            if present.any()
        ]
        return loss + self.auxiliary * torch.stack(alone).mean() if alone else loss


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
            {m: nn.Linear(e.dim, model.task.num_outputs) for m, e in model.encoders.items()}
        )

    def forward(self, tokens: Mapping[str, Tokens]) -> ClassifierOutput:
        encoded = self.model.encode(tokens)
        output = self.model.classify(encoded)
        if self.training:
            output["auxiliary"] = {
                m: (head(encoded[m].mean()), encoded[m].present) for m, head in self.heads.items()
            }
        return output

"""Heads that judge each modality alone while a model is trained."""

from collections.abc import Mapping

from torch import nn

from chiasm.encoders.tokens import Tokens
from chiasm.model.classifier import ClassifierOutput, FusionClassifier


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

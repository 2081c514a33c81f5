"""Target: what about a prediction is explained."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from chiasm.encoders.tokens import Tokens
from chiasm.model.classifier import FusionClassifier


@dataclass(frozen=True)
class Target:
    """The class of each row that is explained, alone or held against another.

    Attributes:
        classes: class indices ``[b]``.
        contrast: class indices ``[b]``; None: all others together.
    """

    classes: Tensor
    contrast: Tensor | None = None

    def explained(self, model: FusionClassifier, encoded: Mapping[str, Tokens]) -> Tensor:
        """What is explained of rows with these encoded tokens, ``[b]``."""
        return model.task.explained(model.classify(encoded).logits, self.classes, self.contrast)

"""TrainingConfig: everything that decides how a model is trained."""

import math
from dataclasses import dataclass
from typing import Literal

ClassWeight = Literal["none", "sqrt", "balanced"]

_STEPS = 450
_LEAST_EPOCHS = 5


@dataclass(frozen=True)
class TrainingConfig:
    """How a FusionClassifier is trained.

    Attributes:
        epochs: passes over the training rows at most; None: as many as make about 450 steps,
            since a small data set needs more passes than a large one to learn the same.
        patience: part of the epochs without a lower validation loss after which training stops.
        averaged_epochs: the weights of that many best epochs are averaged.
        batch_size: rows a step.
        learning_rate: of AdamW, at its peak.
        weight_decay: of AdamW.
        warmup: part of all steps in which the rate rises; it falls as a cosine after.
        label_smoothing: probability mass spread over all classes.
        class_weight: what a class weighs in the loss: "none" all rows alike, "balanced" the
            inverse of its frequency, "sqrt" the root of that.
        validation: part of the training rows held out to choose the epochs and the temperature.
        max_grad_norm: gradients are clipped to this norm.
        seed: of initialisation, dropout and the order of the rows.
    """

    epochs: int | None = None
    patience: float = 0.35
    averaged_epochs: int = 5
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.5
    warmup: float = 0.1
    label_smoothing: float = 0.05
    class_weight: ClassWeight = "none"
    validation: float = 0.15
    max_grad_norm: float = 1.0
    seed: int = 0

    def epochs_for(self, rows: int) -> int:
        """How many passes over this many training rows are made at most."""
        if self.epochs is not None:
            return self.epochs
        return max(_LEAST_EPOCHS, math.ceil(_STEPS * self.batch_size / rows))

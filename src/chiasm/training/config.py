"""TrainingConfig: everything that decides how a model is trained."""

import math
from dataclasses import dataclass

from chiasm.tasks.base import ClassWeight
from chiasm.utils.config import check_settings

_STEPS = 450
_LEAST_EPOCHS = 5
_RANGES = {
    "epochs": (1, 1_000_000),
    "patience": (0, 1),
    "averaged_epochs": (1, 1_000),
    "batch_size": (1, 1_000_000),
    "learning_rate": (0, 1),
    "encoder_learning_rate": (0, 1),
    "layer_decay": (0, 1),
    "weight_decay": (0, 100),
    "warmup": (0, 1),
    "label_smoothing": (0, 1),
    "auxiliary_loss": (0, 100),
    "validation": (0, 0.5),
    "max_grad_norm": (0, math.inf),
    # NumPy takes no other, and folds add their number.
    "seed": (0, 2**31),
}
# At these ends nothing would be learned, or training would stop where it began.
_ABOVE = ("patience", "learning_rate", "layer_decay", "validation", "max_grad_norm")
_BELOW = ("label_smoothing",)


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
        encoder_learning_rate: of the last block of an encoder that is trained too.
        layer_decay: what the rate of each block before that one is multiplied by.
        weight_decay: of AdamW.
        warmup: part of all steps in which the rate rises; it falls as a cosine after.
        label_smoothing: probability mass spread over all classes.
        class_weight: what a class weighs in the loss: "none" all rows alike, "balanced" the
            inverse of its frequency, "sqrt" the root of that.
        validation: part of the training rows held out to choose the epochs and the temperature.
        auxiliary_loss: what the losses of the modalities alone weigh beside that of the fusion.
        gradient_checkpointing: whether trained encoders compute twice to use less memory; those
            from random weights never do.
        augment: whether images are mirrored and cut at random, where a whole image encoder is
            trained.
        max_grad_norm: gradients are clipped to this norm.
        seed: of initialisation, dropout and the order of the rows.

    Raises:
        ChiasmError: a setting that no training can have.
    """

    epochs: int | None = None
    patience: float = 0.35
    averaged_epochs: int = 5
    batch_size: int = 64
    learning_rate: float = 1e-3
    encoder_learning_rate: float = 1e-4
    layer_decay: float = 0.9
    weight_decay: float = 0.5
    warmup: float = 0.1
    label_smoothing: float = 0.05
    class_weight: ClassWeight = "none"
    auxiliary_loss: float = 0.0
    gradient_checkpointing: bool = False
    augment: bool = False
    validation: float = 0.15
    max_grad_norm: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_settings(self, ranges=_RANGES, above=_ABOVE, below=_BELOW)

    def epochs_for(self, rows: int) -> int:
        """How many passes over this many training rows are made at most."""
        if self.epochs is not None:
            return self.epochs
        return max(_LEAST_EPOCHS, math.ceil(_STEPS * self.batch_size / rows))

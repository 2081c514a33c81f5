"""TrainingConfig: everything that decides how a model is trained."""

import math
from dataclasses import dataclass
from typing import Literal

from chiasm.errors import ChiasmError
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
    "max_grad_norm": (0, math.inf),
    # NumPy takes no other, and folds add their number.
    "seed": (0, 2**31),
}
# At these ends nothing would be learned, or training would stop where it began.
_ABOVE = ("patience", "learning_rate", "layer_decay", "max_grad_norm")
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
        optimizer: "adamw", or "adam", which adds the decay of weights to their gradients.
        learning_rate: of the optimizer, at its peak.
        encoder_learning_rate: of the last block of an encoder that is trained too.
        layer_decay: what the rate of each block before that one is multiplied by.
        weight_decay: of matrices, in the optimizer.
        warmup: part of all steps in which the rate rises.
        schedule: how it falls after: as a "cosine", "linear", or not: "constant".
        label_smoothing: probability mass spread over all classes.
        class_weight: what a class weighs in the loss: "none" all rows alike, "balanced" the
            inverse of its frequency, "sqrt" the root of that.
        validation: part of the training rows held out to choose the epochs and the temperature,
            as 0.15; or how many rows, as 500.
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
    optimizer: Literal["adamw", "adam"] = "adamw"
    learning_rate: float = 1e-3
    encoder_learning_rate: float = 1e-4
    layer_decay: float = 0.9
    weight_decay: float = 0.5
    warmup: float = 0.1
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
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
        if not (0 < self.validation <= 0.5 or (self.validation >= 1 and self.validation % 1 == 0)):
            raise ChiasmError(
                f"validation is {self.validation:g}, and must be above 0, and 0.5 at most, as a "
                "part of the rows, or a whole number of rows."
            )

    def validation_part(self, rows: int) -> float:
        """Which part of this many training rows is held out.

        Raises:
            ChiasmError: more than half of them.
        """
        if self.validation < 1:
            return self.validation
        if self.validation > rows / 2:
            raise ChiasmError(
                f"`validation` asks for {self.validation:,.0f} of {rows:,} rows to train on. Give "
                f"{rows // 2:,} at most, or a part of them, such as 0.15."
            )
        return self.validation / rows

    def epochs_for(self, rows: int) -> int:
        """How many passes over this many training rows are made at most."""
        if self.epochs is not None:
            return self.epochs
        return max(_LEAST_EPOCHS, math.ceil(_STEPS * self.batch_size / rows))

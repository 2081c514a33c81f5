"""Multiclass: one of several classes for each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chiasm.data.labels import class_indices
from chiasm.data.table import Problem, Table
from chiasm.errors import DataError
from chiasm.tasks.base import UNSEEN, ClassWeight, Loss, Task
from chiasm.tasks.unseen_labels import NOT_SEEN, unseen_labels
from chiasm.utils.arrays import Array, Floats, Indices

if TYPE_CHECKING:
    from typing import Self  # since Python 3.11

    from torch import Tensor

    from chiasm.tasks.metrics import Metrics

_EXPONENTS: dict[ClassWeight, float] = {"none": 0.0, "sqrt": 0.5, "balanced": 1.0}


@dataclass(frozen=True)
class Multiclass(Task):
    """One of the classes: targets are their indices, predictions calibrated probabilities.

    Outputs are logits, which softmax turns into probabilities; the temperature that calibrates
    them is that of Guo et al., "On Calibration of Modern Neural Networks" (2017).
    """

    name = "multiclass"
    selection = "log_loss"
    classes: tuple[str, ...]

    @classmethod
    def of(cls, table: Table, rows: Indices) -> "Self":
        return cls(table.classes_of(rows))

    def check_learnable(self, source: str, *, where: str) -> None:
        if len(self.classes) < 2:
            raise DataError(
                f"{source} has only the class {self.classes[0]!r} to train on, in {where}. A "
                "classifier needs two classes or more."
            )

    @property
    def num_outputs(self) -> int:
        return len(self.classes)

    def targets(self, labels: Sequence[str | None]) -> list[int | None]:
        index = class_indices(self.classes)
        return [index.get(label or "") for label in labels]

    def check_labels(self, table: Table, rows: Indices, *, what: str) -> tuple[Problem, ...]:
        return unseen_labels(table, rows, self.classes, what=what)

    def loss(self, targets: Indices, *, class_weight: ClassWeight, label_smoothing: float) -> Loss:
        """Cross-entropy; a class is weighted by its frequency among ``targets``."""
        import torch
        from torch.nn import functional as F

        weights = torch.from_numpy(self.class_weights(targets, class_weight)).float()

        def cross_entropy(logits: "Tensor", labels: "Tensor") -> "Tensor":
            return F.cross_entropy(
                logits, labels, weight=weights.to(logits), label_smoothing=label_smoothing
            )

        return cross_entropy

    def class_weights(self, targets: Indices, kind: ClassWeight) -> Floats:
        """Weight of each class ``[classes]`` by its frequency; they average 1."""
        counts = np.maximum(np.bincount(targets, minlength=len(self.classes)), 1)
        weights: Floats = counts.astype(np.float64) ** -_EXPONENTS[kind]
        weights /= weights.mean()
        return weights

    def fit_temperature(self, outputs: Array, targets: Indices) -> float:
        from chiasm.tasks.calibration import fit_temperature

        return fit_temperature(outputs, targets)

    def calibrate(self, outputs: "Tensor", temperature: "Tensor") -> "Tensor":
        return (outputs / temperature).softmax(dim=-1)

    def calibrate_array(self, outputs: Array, temperature: float) -> Floats:
        scaled = outputs.astype(np.float64) / temperature
        powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        probabilities: Floats = powers / powers.sum(axis=1, keepdims=True)
        return probabilities

    def decide(self, predictions: Array) -> tuple[str, ...]:
        """The most probable class of each row."""
        return tuple(self.classes[k] for k in predictions.argmax(axis=1))

    def columns(self, predictions: Array) -> dict[str, Array]:
        # A class may be called "id" or "label"; its column must not take that one's place.
        return {f"probability_{label}": predictions[:, k] for k, label in enumerate(self.classes)}

    def metrics(self, predictions: Array, targets: Indices) -> "Metrics":
        from chiasm.tasks.metrics import compute_metrics

        predictions, targets, task = self.admit_unseen(predictions, targets)
        return compute_metrics(predictions, targets, task.classes)

    def validation_scores(self, outputs: Array, targets: Indices) -> dict[str, float]:
        import torch

        logits = torch.from_numpy(outputs).double()
        metrics = self.metrics(logits.softmax(dim=-1).numpy(), targets)
        return {
            "log_loss": metrics.log_loss,
            "accuracy": metrics.accuracy,
            "macro_precision": metrics.macro.precision,
            "macro_recall": metrics.macro.recall,
            "macro_f1": metrics.macro.f1,
        }

    def baseline(self, targets: Indices) -> Floats:
        """How often each class is the label."""
        counts = np.bincount(targets[targets != UNSEEN], minlength=len(self.classes))
        frequencies: Floats = counts / counts.sum()
        return frequencies

    def admit_unseen(
        self, predictions: Array, targets: Indices
    ) -> tuple[Array, Indices, "Multiclass"]:
        """All labels that were never seen are one more class, which nothing predicts.

        Such a row counts as wrong, and the class has an F1 of 0.
        """
        unseen = targets == UNSEEN
        if not unseen.any():
            return predictions, targets, self
        nothing = np.zeros_like(predictions[:, :1])
        return (
            np.concatenate([predictions, nothing], axis=1),
            np.where(unseen, len(self.classes), targets),
            Multiclass((*self.classes, NOT_SEEN)),
        )

    def explained(self, outputs: "Tensor", target: "Tensor", contrast: "Tensor | None") -> "Tensor":
        """Log-odds of class ``target`` against class ``contrast``, or all others together."""
        own = outputs.gather(1, target[:, None])[:, 0]
        if contrast is not None:
            return own - outputs.gather(1, contrast[:, None])[:, 0]
        others = outputs.scatter(1, target[:, None], -float("inf"))
        return own - others.logsumexp(dim=1)

    @classmethod
    def parse(cls, config: Mapping[str, Any]) -> "Self":
        classes = config["classes"]
        if not isinstance(classes, list) or not all(isinstance(label, str) for label in classes):
            raise TypeError("classes are no list of texts")
        return cls(tuple(classes))

"""TrainedModel: what training came to."""

from dataclasses import dataclass

from chiasm.evaluation.metrics import Metrics
from chiasm.model.classifier import FusionClassifier


@dataclass(frozen=True)
class TrainedModel:
    """A model and how it did: on the validation rows that chose its epoch, and on a given test."""

    model: FusionClassifier
    train_rows: int
    validation: Metrics
    test: Metrics | None

"""TrainedModel: what training came to."""

from dataclasses import dataclass

from chiasm.data.table import Problem
from chiasm.model.classifier import FusionClassifier
from chiasm.tasks.metrics import Metrics
from chiasm.training.loop.epochs import Epoch
from chiasm.training.run.splits import SplitRows


@dataclass(frozen=True)
class TrainedModel:
    """A model and how it did: on the validation rows that chose its epoch, and on a given test.

    ``parts`` are the rows of the table that it was trained and judged on, ``problems`` all that was
    found in the rows, ``history`` its epochs, stage by stage.
    """

    model: FusionClassifier
    parts: SplitRows
    problems: tuple[Problem, ...]
    history: tuple[Epoch, ...]
    validation: Metrics
    test: Metrics | None

"""What a model says of a row, and of a table."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chiasm.data.table import Problem
from chiasm.tasks.base import Task


@dataclass(frozen=True)
class RowPrediction:
    """The most probable class of one row, and what each modality had to do with it.

    Attributes:
        label: the most probable class; of a row without any modality that of the class balance.
        probabilities: calibrated, by class, in the order of the classes.
        contributions: the Shapley value of each modality for the probability of ``label``: with the
            probability that a row without any modality has they sum to it. 0 for a missing
            modality; empty if they were not asked for.
        missing: the modalities that the row lacks.
        notes: what of its values the model does not see, in words.
    """

    label: str
    probabilities: dict[str, float]
    contributions: dict[str, float]
    missing: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Predicted:
    """Predictions in the order of the table.

    ``labels[i]`` is None for a row without any modality that the model looks at: nothing can be
    said of it. ``probabilities`` is ``[n, classes]``. ``problems`` are notes on rows of which the
    model sees only a part.
    """

    ids: tuple[str, ...]
    labels: tuple[str | None, ...]
    probabilities: np.ndarray[Any, np.dtype[np.float32]]
    task: Task
    problems: tuple[Problem, ...] = ()

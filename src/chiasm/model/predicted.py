"""Predicted: what a model says of a table."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chiasm.data.table import Problem


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
    classes: tuple[str, ...]
    problems: tuple[Problem, ...] = ()

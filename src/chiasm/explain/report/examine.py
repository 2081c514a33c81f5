"""examine: what a report tells of a model that is about to be let go."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chiasm.evaluation.robustness import predict_damaged
from chiasm.explain.contributions import Contributions, modality_contributions
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable

Array = np.ndarray[Any, np.dtype[Any]]

_SEED = 0


@dataclass(frozen=True)
class Examination:
    """What each modality adds to the predictions of some rows, and the predictions without it.

    ``damaged`` as from ``predict_damaged``.
    """

    contributions: Contributions
    damaged: dict[str, Array]


def examine(model: FusionClassifier, rows: EncodedTable) -> Examination:
    """Predict the rows with every set of modalities, and with each of them damaged."""
    return Examination(
        contributions=modality_contributions(model, rows),
        damaged=predict_damaged(model, rows, seed=_SEED),
    )

"""examine: what a report tells of a model that is about to be let go."""

from dataclasses import dataclass

import numpy as np

from chiasm.evaluation.robustness import predict_damaged
from chiasm.explanation.attribution.methods import methods_for
from chiasm.explanation.attribution.token_scores import token_scores
from chiasm.explanation.contributions import Contributions, modality_contributions
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.utils.arrays import Array

# What cards show over the words and the image of a row.
METHOD = "gradient x attention"
_SEED = 0
# Of the least certain rows a handful are shown; duplicates among them are not.
_UNCERTAIN = 50


@dataclass(frozen=True)
class Examination:
    """What each modality adds to the predictions of some rows, and the predictions without it.

    ``damaged`` as from ``predict_damaged``. ``scores`` ``[l]`` are those of the tokens for the
    predicted class, by modality, of the rows that may be shown: by their position, the wrong
    and the least certain ones. Empty for a model that does not read by attention.
    """

    contributions: Contributions
    damaged: dict[str, Array]
    scores: dict[int, dict[str, Array]]


def examine(model: FusionClassifier, rows: EncodedTable) -> Examination:
    """Predict the rows with every set of modalities, and with each of them damaged."""
    contributions = modality_contributions(model, rows)
    return Examination(
        contributions=contributions,
        damaged=predict_damaged(model, rows, seed=_SEED),
        scores=_score(model, rows, contributions.prediction),
    )


def _score(
    model: FusionClassifier, rows: EncodedTable, probabilities: Array
) -> dict[int, dict[str, Array]]:
    if METHOD not in methods_for(model):
        return {}
    predicted = probabilities.argmax(axis=1)
    first, second = np.sort(probabilities, axis=1)[:, :-3:-1].T
    uncertain = np.argsort(first - second, kind="stable")[:_UNCERTAIN]
    shown = np.union1d(np.flatnonzero(predicted != rows.labels), uncertain)
    scored = token_scores(model, rows.take(shown), method=METHOD, target=predicted[shown])
    return dict(zip(shown.tolist(), scored, strict=True))

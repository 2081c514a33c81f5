"""Attribution: scores of tokens, and what the tokens are."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chiasm.inference.token_spans import Place

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Attribution:
    """How much each token of one modality of a row speaks for a class, by one method.

    Attributes:
        method: a name in ``METHODS``.
        modality: whose tokens they are.
        chosen: the class that is explained.
        against: the class it is held against; None: all others. Attention is the same for all.
        places: what each of the l tokens stands for.
        scores: ``[l]``; in log-odds, but for attention, which is a share of the weight, and where
            an exported model made them: those are in probability.
    """

    method: str
    modality: str
    chosen: str
    against: str | None
    places: tuple[Place, ...]
    scores: Array

    def as_dict(self) -> dict[str, Any]:
        """The numbers, in a form that JSON knows."""
        return {
            "method": self.method,
            "modality": self.modality,
            "chosen": self.chosen,
            "against": self.against,
            "tokens": [
                {"label": place.label, "extent": place.extent, "score": float(score)}
                for place, score in zip(self.places, self.scores, strict=True)
            ],
        }

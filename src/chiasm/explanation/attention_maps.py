"""AttentionMap: who looked at what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from chiasm.inference.token_spans import Place
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import encoded_batches

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class AttentionMap:
    """The attention of one modality's q tokens to the k of another, in one row.

    It says where the model looked, which need not be why it decided.

    Attributes:
        asking, asked: the modalities.
        weights: ``[heads, q, k + 1]``, the null key last; each query's weights sum to 1.
        asking_places, asked_places: what the tokens stand for.
    """

    asking: str
    asked: str
    weights: Array
    asking_places: tuple[Place, ...]
    asked_places: tuple[Place, ...]

    @property
    def mean(self) -> Array:
        """The mean over heads, ``[q, k + 1]``."""
        average: Array = self.weights.mean(axis=0)
        return average

    def as_dict(self) -> dict[str, Any]:
        """The numbers, in a form that JSON knows."""
        return {
            "asking": self.asking,
            "asked": self.asked,
            "asking_tokens": [place.label for place in self.asking_places],
            "asked_tokens": [*(place.label for place in self.asked_places), "(null)"],
            "weights": self.weights.round(5).tolist(),
        }


@torch.inference_mode()
def attention_maps(
    model: FusionClassifier, rows: EncodedTable, places: Sequence[Mapping[str, tuple[Place, ...]]]
) -> list[list[AttentionMap]]:
    """The maps of each row for every direction that the fusion has and the row allows.

    ``places`` says by modality what the tokens of each row stand for.
    """
    found: list[list[AttentionMap]] = []
    for batch in encoded_batches(model, rows):
        attention = model.classify(batch, need_weights=True).attention or {}
        for row in range(len(next(iter(batch.values())))):
            of_row = places[len(found)]
            maps = []
            for direction, weights in attention.items():
                asking, asked = direction.split("->")
                if batch[asking].present[row] and batch[asked].present[row]:
                    keys = torch.nn.functional.pad(batch[asked].mask[row], (0, 1), value=True)
                    kept = weights[row][:, batch[asking].mask[row]][:, :, keys]
                    numbers = kept.double().cpu().numpy()
                    maps.append(AttentionMap(asking, asked, numbers, of_row[asking], of_row[asked]))
            found.append(maps)
    return found

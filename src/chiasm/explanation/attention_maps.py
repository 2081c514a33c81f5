"""AttentionMap: who looked at what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from chiasm.inference.token_spans import TokenSpan
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import encoded_batches
from chiasm.utils.arrays import Floats


@dataclass(frozen=True)
class AttentionMap:
    """The attention of one modality's q tokens to the k of another, in one row.

    It says where the model looked, which need not be why it decided.

    Attributes:
        query, key: the modalities.
        weights: ``[heads, q, k + 1]``, the null key last; each query's weights sum to 1.
        query_spans, key_spans: what the tokens stand for.
    """

    query: str
    key: str
    weights: Floats
    query_spans: tuple[TokenSpan, ...]
    key_spans: tuple[TokenSpan, ...]

    @property
    def mean(self) -> Floats:
        """The mean over heads, ``[q, k + 1]``."""
        average: Floats = self.weights.mean(axis=0)
        return average

    def as_dict(self) -> dict[str, Any]:
        """The numbers, in a form that JSON knows."""
        return {
            "query": self.query,
            "key": self.key,
            "query_tokens": [span.label for span in self.query_spans],
            "key_tokens": [*(span.label for span in self.key_spans), "(null)"],
            "weights": self.weights.round(5).tolist(),
        }


@torch.inference_mode()
def attention_maps(
    model: FusionClassifier,
    rows: EncodedTable,
    spans: Sequence[Mapping[str, tuple[TokenSpan, ...]]],
) -> list[list[AttentionMap]]:
    """The maps of each row for every direction that the fusion has and the row allows.

    ``spans`` says by modality what the tokens of each row stand for.
    """
    found: list[list[AttentionMap]] = []
    for batch in encoded_batches(model, rows):
        attention = model.classify(batch, need_weights=True).attention or {}
        for row in range(len(next(iter(batch.values())))):
            of_row = spans[len(found)]
            maps = []
            for direction, weights in attention.items():
                query, key = direction.split("->")
                if batch[query].present[row] and batch[key].present[row]:
                    keys = torch.nn.functional.pad(batch[key].mask[row], (0, 1), value=True)
                    kept = weights[row][:, batch[query].mask[row]][:, :, keys]
                    numbers = kept.double().cpu().numpy()
                    maps.append(AttentionMap(query, key, numbers, of_row[query], of_row[key]))
            found.append(maps)
    return found

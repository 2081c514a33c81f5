"""Curves: what a prediction becomes when tokens are removed, or given, in some order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chiasm.encoders.tokens import Tokens
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import calibrate, encoded_batches

Array = np.ndarray[Any, np.dtype[np.float64]]
Indices = np.ndarray[Any, np.dtype[np.int64]]

STEPS = 10


@dataclass(frozen=True)
class Curves:
    """Probabilities of the explained class ``[n, STEPS + 1]``.

    Attributes:
        deletion: with none to all of the modality's tokens removed, those of highest score first.
        insertion: with none to all of them given, in the same order.
    """

    deletion: Array
    insertion: Array

    @property
    def deletion_area(self) -> Array:
        """The area under each row's deletion curve, ``[n]``: small where the right ones go."""
        return _area(self.deletion)

    @property
    def insertion_area(self) -> Array:
        """The area under each row's insertion curve, ``[n]``: large where the right ones come."""
        return _area(self.insertion)


def _area(curve: Array) -> Array:
    # The trapezoidal rule, between the middles of its steps.
    area: Array = (curve[:, 1:] + curve[:, :-1]).mean(axis=1) / 2
    return area


@torch.inference_mode()
def curves(
    model: FusionClassifier,
    rows: EncodedTable,
    modality: str,
    scores: Sequence[Array],
    *,
    chosen: Indices,
) -> Curves:
    """Remove and give the tokens of one modality, the others staying whole, and predict.

    Petsiuk et al., "RISE" (2018), section 4.1, where a removed token is masked, as a missing one.
    ``scores`` are those of the real tokens ``[l]`` of each row, ``chosen`` the class index ``[n]``
    whose probability is followed.
    """
    deleted: list[Array] = []
    inserted: list[Array] = []
    done = 0
    for batch in encoded_batches(model, rows):
        here = slice(done, done + len(batch[modality]))
        done = here.stop
        distributed_state = _ranks(batch[modality].mask, scores[here])
        count = batch[modality].mask.sum(dim=1, keepdim=True)
        cuts = [(count * step / STEPS).round() for step in range(STEPS + 1)]
        for found, masks in (
            (deleted, [distributed_state >= cut for cut in cuts]),
            (inserted, [distributed_state < cut for cut in cuts]),
        ):
            made = torch.stack([_predict(model, batch, modality, mask) for mask in masks], dim=1)
            # [b, STEPS + 1, c] -> [b, STEPS + 1]
            found.append(made[np.arange(len(made)), :, chosen[here]].double().numpy())
    return Curves(np.concatenate(deleted), np.concatenate(inserted))


def _ranks(mask: Tensor, scores: Sequence[Array]) -> Tensor:
    """The place of each token in its row by falling score, ``[b, l]``; padding is no token."""
    distributed_state = torch.full(mask.shape, mask.shape[1], device=mask.device)
    for row, own in enumerate(scores):
        order = np.argsort(-own, kind="stable")
        places = np.empty(len(own), dtype=np.int64)
        places[order] = np.arange(len(own))
        distributed_state[row, mask[row]] = torch.from_numpy(places).to(mask.device)
    return distributed_state


def _predict(
    model: FusionClassifier, batch: Mapping[str, Tokens], modality: str, mask: Tensor
) -> Tensor:
    tokens = batch[modality]
    changed = {**batch, modality: Tokens(tokens.values, tokens.mask & mask)}
    return calibrate(model, model.classify(changed).logits)

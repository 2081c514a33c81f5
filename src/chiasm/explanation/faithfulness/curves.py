"""Curves: what a prediction becomes when tokens are removed, or given, in some order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from chiasm.encoders.tokens import Tokens
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import calibrate, encoded_batches
from chiasm.utils.arrays import Floats, Indices

STEPS = 10


@dataclass(frozen=True)
class Curves:
    """Probabilities of the explained class ``[n, STEPS + 1]``.

    Attributes:
        deletion: with none to all of the modality's tokens removed, those of highest score first.
        insertion: with none to all of them given, in the same order.
    """

    deletion: Floats
    insertion: Floats

    @property
    def deletion_area(self) -> Floats:
        """The area under each row's deletion curve, ``[n]``: small where the right ones go."""
        return _area(self.deletion)

    @property
    def insertion_area(self) -> Floats:
        """The area under each row's insertion curve, ``[n]``: large where the right ones come."""
        return _area(self.insertion)


def _area(curve: Floats) -> Floats:
    # The trapezoidal rule, between the middles of its steps.
    area: Floats = (curve[:, 1:] + curve[:, :-1]).mean(axis=1) / 2
    return area


@torch.inference_mode()
def curves(
    model: FusionClassifier,
    rows: EncodedTable,
    modality: str,
    scores: Sequence[Floats],
    *,
    target: Indices,
) -> Curves:
    """Remove and give the tokens of one modality, the others staying whole, and predict.

    Petsiuk et al., "RISE" (2018), section 4.1, where a removed token is masked, as a missing one.
    ``scores`` are those of the real tokens ``[l]`` of each row, ``target`` the class index ``[n]``
    whose probability is followed.
    """
    deleted: list[Floats] = []
    inserted: list[Floats] = []
    done = 0
    for batch in encoded_batches(model, rows):
        here = slice(done, done + len(batch[modality]))
        done = here.stop
        ranks = _ranks(batch[modality].mask, scores[here])
        count = batch[modality].mask.sum(dim=1, keepdim=True)
        cuts = [(count * step / STEPS).round() for step in range(STEPS + 1)]
        for found, masks in (
            (deleted, [ranks >= cut for cut in cuts]),
            (inserted, [ranks < cut for cut in cuts]),
        ):
            made = torch.stack([_predict(model, batch, modality, mask) for mask in masks], dim=1)
            # [b, STEPS + 1, c] -> [b, STEPS + 1]
            found.append(made[np.arange(len(made)), :, target[here]].double().numpy())
    return Curves(np.concatenate(deleted), np.concatenate(inserted))


def _ranks(mask: Tensor, scores: Sequence[Floats]) -> Tensor:
    """The place of each token in its row by falling score, ``[b, l]``; padding is no token."""
    ranks = torch.full(mask.shape, mask.shape[1], device=mask.device)
    for row, own in enumerate(scores):
        order = np.argsort(-own, kind="stable")
        positions = np.empty(len(own), dtype=np.int64)
        positions[order] = np.arange(len(own))
        ranks[row, mask[row]] = torch.from_numpy(positions).to(mask.device)
    return ranks


def _predict(
    model: FusionClassifier, batch: Mapping[str, Tokens], modality: str, mask: Tensor
) -> Tensor:
    tokens = batch[modality]
    changed = {**batch, modality: Tokens(tokens.values, tokens.mask & mask)}
    return calibrate(model, model.classify(changed).logits)

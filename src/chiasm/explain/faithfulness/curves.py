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
from chiasm.model.inference import calibrate, encoded_batches

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
    area: Array = np.trapezoid(curve, axis=1) / STEPS
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

    Args:
        model, rows: what is predicted.
        modality: whose tokens.
        scores: of the real tokens ``[l]`` of each row.
        chosen: the class whose probability is followed, ``[n]``.
    """
    deleted, inserted = [], []
    done = 0
    for batch in encoded_batches(model, rows):
        here = slice(done, done + len(batch[modality]))
        done = here.stop
        ranks = _ranks(batch[modality].mask, scores[here])
        count = batch[modality].mask.sum(dim=1, keepdim=True)
        of_class = torch.from_numpy(chosen[here])[:, None]

        def follow(masks: Sequence[Tensor]) -> Array:
            made = [_predict(model, batch, modality, mask).gather(1, of_class) for mask in masks]
            followed: Array = torch.cat(made, dim=1).double().numpy()
            return followed

        cuts = [(count * step / STEPS).round() for step in range(STEPS + 1)]
        deleted.append(follow([ranks >= cut for cut in cuts]))
        inserted.append(follow([ranks < cut for cut in cuts]))
    return Curves(np.concatenate(deleted), np.concatenate(inserted))


def _ranks(mask: Tensor, scores: Sequence[Array]) -> Tensor:
    """The place of each token in its row by falling score, ``[b, l]``; padding is no token."""
    ranks = torch.full(mask.shape, mask.shape[1], device=mask.device)
    for row, own in enumerate(scores):
        order = np.argsort(-own, kind="stable")
        places = np.empty(len(own), dtype=np.int64)
        places[order] = np.arange(len(own))
        ranks[row, mask[row]] = torch.from_numpy(places).to(mask.device)
    return ranks


def _predict(
    model: FusionClassifier, batch: Mapping[str, Tokens], modality: str, mask: Tensor
) -> Tensor:
    tokens = batch[modality]
    changed = {**batch, modality: Tokens(tokens.values, tokens.mask & mask)}
    return calibrate(model, model.classify(changed).logits)

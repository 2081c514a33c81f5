"""Counterfactual: the same row with another row's image, text or audio."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from chiasm.encoders.tokens import Tokens
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import calibrate, encoded_batches
from chiasm.utils.arrays import Floats

_TRIED = 30


@dataclass(frozen=True)
class Counterfactual:
    """What becomes of a prediction when one modality is exchanged for those of other rows.

    Attributes:
        modality: what was exchanged.
        tried: with how many other rows.
        flipped: in what part of them another class was predicted.
        other: the row whose value changed the prediction most.
        prediction: ``[c]``, the probabilities with that one.
    """

    modality: str
    tried: int
    flipped: float
    other: str
    prediction: Floats


@torch.inference_mode()
def counterfactuals(
    model: FusionClassifier,
    row: EncodedTable,
    others: EncodedTable,
    ids: Sequence[str],
    *,
    but: Collection[int],
) -> list[Counterfactual]:
    """Exchange each modality of a row (a table of one) for those of up to 30 other rows.

    ``ids`` names the others, of which always the same ones are drawn; none at positions ``but``.
    """
    order = np.random.default_rng(0).permutation(len(others))
    drawn = np.array([k for k in order if k not in but][:_TRIED], dtype=np.int64)
    if not len(drawn):
        return []
    (own,) = encoded_batches(model, row)
    (given,) = encoded_batches(model, others.take(drawn))
    whole = calibrate(model, model.classify(own).logits)[0]
    predicted = int(whole.argmax())
    found = []
    for modality in model.modalities:
        there = given[modality].present
        if not own[modality].present[0] or not there.any():
            continue
        exchanged = {
            m: _repeat(tokens, len(drawn)) if m != modality else given[modality]
            for m, tokens in own.items()
        }
        tried = np.flatnonzero(there.cpu().numpy())
        made = calibrate(model, model.classify(exchanged).logits).double().numpy()[tried]
        most = int(made[:, predicted].argmin())
        found.append(
            Counterfactual(
                modality=modality,
                tried=len(tried),
                flipped=float((made.argmax(axis=1) != predicted).mean()),
                other=ids[drawn[tried[most]]],
                prediction=made[most],
            )
        )
    return found


def _repeat(tokens: Tokens, times: int) -> Tokens:
    return Tokens(tokens.values.expand(times, -1, -1), tokens.mask.expand(times, -1))

"""token_scores: the scores of many rows by one method."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from chiasm.encoders.tokens import Tokens
from chiasm.explanation.attribution.methods import METHODS
from chiasm.explanation.attribution.target import Target
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import encoded_batches

Array = np.ndarray[Any, np.dtype[np.float64]]
Indices = np.ndarray[Any, np.dtype[np.int64]]

# Integrated gradients hold every token once for each of their steps.
_ROWS_AT_ONCE = 16


def token_scores(
    model: FusionClassifier,
    rows: EncodedTable,
    *,
    method: str,
    chosen: Indices,
    against: Indices | None = None,
) -> list[dict[str, Array]]:
    """The scores ``[l]`` of the real tokens of each row, by modality.

    ``method`` is a name in ``METHODS`` that ``methods_for`` the model allows; ``chosen`` and
    ``against`` are class indices ``[n]``, as in a ``Target``.
    """
    scored: list[dict[str, Array]] = []
    for batch in encoded_batches(model, rows):
        for part in _parts(batch):
            here = slice(len(scored), len(scored) + len(next(iter(part.values()))))
            target = Target(*(_indices(model, x[here]) for x in (chosen, against) if x is not None))
            scores = METHODS[method](model, part, target)
            scored += [
                {m: _real(scores[m][row], part[m].mask[row]) for m in scores}
                for row in range(here.stop - here.start)
            ]
    return scored


def _parts(batch: dict[str, Tokens]) -> list[dict[str, Tokens]]:
    rows = len(next(iter(batch.values())))
    return [
        {
            # Copied, since tensors made for inference alone have no gradients.
            m: Tokens(
                t.values[start : start + _ROWS_AT_ONCE].clone(),
                t.mask[start : start + _ROWS_AT_ONCE].clone(),
            )
            for m, t in batch.items()
        }
        for start in range(0, rows, _ROWS_AT_ONCE)
    ]


def _indices(model: FusionClassifier, classes: Indices) -> Tensor:
    return torch.from_numpy(classes).to(model.temperature.device)


def _real(scores: Tensor, mask: Tensor) -> Array:
    array: Array = scores[mask].detach().double().cpu().numpy()
    return array

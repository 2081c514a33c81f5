"""token_scores: the scores of many rows by one method."""

import torch
from torch import Tensor

from chiasm.encoders.tokens import Tokens
from chiasm.explanation.attribution.methods import METHODS
from chiasm.explanation.attribution.target import Target
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import encoded_batches
from chiasm.utils.arrays import Floats, Indices

# Integrated gradients hold every token once for each of their steps.
_ROWS_AT_ONCE = 16


def token_scores(
    model: FusionClassifier,
    rows: EncodedTable,
    *,
    method: str,
    target: Indices,
    contrast: Indices | None = None,
) -> list[dict[str, Floats]]:
    """The scores ``[l]`` of the real tokens of each row, by modality.

    ``method`` is a name in ``METHODS`` that ``methods_for`` the model allows; ``target`` and
    ``contrast`` are class indices ``[n]``, as in a ``Target``.
    """
    scored: list[dict[str, Floats]] = []
    for batch in encoded_batches(model, rows):
        for part in _parts(batch):
            here = slice(len(scored), len(scored) + len(next(iter(part.values()))))
            given = (_indices(model, x[here]) for x in (target, contrast) if x is not None)
            scores = METHODS[method](model, part, Target(*given))
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


def _real(scores: Tensor, mask: Tensor) -> Floats:
    array: Floats = scores[mask].detach().double().cpu().numpy()
    return array

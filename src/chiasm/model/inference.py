"""Logits and probabilities of many rows."""

import torch
from torch import Tensor

from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable, stack_tokens

_BATCH_SIZE = 64


@torch.inference_mode()
def predict_logits(model: FusionClassifier, rows: EncodedTable) -> Tensor:
    """Logits ``[n, classes]`` of all rows in order, on the CPU; a row's never depend on another."""
    device = model.temperature.device
    was_training = model.training
    model.eval()
    parts = [torch.empty(0, len(model.classes))]
    for start in range(0, len(rows), _BATCH_SIZE):
        stop = min(start + _BATCH_SIZE, len(rows))
        tokens = stack_tokens([rows[index] for index in range(start, stop)])
        parts.append(model({m: t.to(device) for m, t in tokens.items()}).logits.float().cpu())
    model.train(was_training)
    return torch.cat(parts)


def predict_probabilities(model: FusionClassifier, rows: EncodedTable) -> Tensor:
    """Calibrated probabilities ``[n, classes]`` of all rows in order."""
    return (predict_logits(model, rows) / model.temperature.cpu()).softmax(dim=-1)

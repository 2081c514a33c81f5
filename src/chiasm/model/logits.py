"""Logits and probabilities of many rows."""

from collections.abc import Iterator

import torch
from torch import Tensor

from chiasm.encoders.tokens import Tokens
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable, stack_tokens

_BATCH_SIZE = 64


@torch.inference_mode()
def encoded_batches(model: FusionClassifier, rows: EncodedTable) -> Iterator[dict[str, Tokens]]:
    """What the trainable layers make of the rows, in order, in the batches of every prediction.

    The model is in evaluation mode until the last batch has been taken.
    """
    device = model.temperature.device
    was_training = model.training
    model.eval()
    try:
        for start in range(0, len(rows), _BATCH_SIZE):
            stop = min(start + _BATCH_SIZE, len(rows))
            tokens = stack_tokens([rows[index] for index in range(start, stop)])
            yield model.encode({m: t.to(device) for m, t in tokens.items()})
    finally:
        model.train(was_training)


@torch.inference_mode()
def predict_logits(model: FusionClassifier, rows: EncodedTable) -> Tensor:
    """Logits ``[n, classes]`` of all rows in order, on the CPU; a row's never depend on another."""
    parts = [model.classify(batch).logits.float().cpu() for batch in encoded_batches(model, rows)]
    return torch.cat([torch.empty(0, model.task.num_outputs), *parts])


def predict_probabilities(model: FusionClassifier, rows: EncodedTable) -> Tensor:
    """Calibrated probabilities ``[n, classes]`` of all rows in order."""
    return calibrate(model, predict_logits(model, rows))


def calibrate(model: FusionClassifier, logits: Tensor) -> Tensor:
    """Predictions from logits ``[n, classes]``, on the CPU, by the model's temperature."""
    return model.task.calibrate(logits.float().cpu(), model.temperature.cpu())

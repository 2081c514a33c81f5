"""write_fusion: the fusion and the head of a model as an ONNX file."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from chiasm.export.networks import FusionNetwork
from chiasm.export.on_cpu import on_cpu
from chiasm.export.to_onnx import to_onnx
from chiasm.model.classifier import FusionClassifier


def write_fusion(model: FusionClassifier, path: Path) -> None:
    """Write what maps encoded tokens to "logits", and to the attention under its names.

    It takes "text.tokens" float ``[b, l, d]`` and "text.mask" bool ``[b, l]``, and so on.
    """
    inputs: dict[str, Tensor] = {}
    lengths: dict[str, Sequence[int]] = {}
    for place, (modality, encoder) in enumerate(model.encoders.items()):
        # Lengths of their own: equal ones could be taken for one.
        values = torch.zeros(2, 3 + place, encoder.dim)
        inputs[f"{modality}.tokens"] = values
        inputs[f"{modality}.mask"] = torch.ones(values.shape[:2], dtype=torch.bool)
        lengths |= {f"{modality}.tokens": (1,), f"{modality}.mask": (1,)}
    network = FusionNetwork(model)
    with on_cpu(network):
        with torch.no_grad():
            attention = network.classify(list(inputs.values())).attention or {}
        to_onnx(network, inputs, path, lengths=lengths, outputs=["logits", *attention])

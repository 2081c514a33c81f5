"""Networks as ONNX files, also in 8 bits."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from warnings import catch_warnings, simplefilter

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.quant_utils import add_pre_process_metadata
from torch import Tensor, nn

from chiasm.errors import ChiasmError
from chiasm.exporting.networks import ExportedFusion
from chiasm.model.classifier import FusionClassifier

_OPSET = 18
# Convolutions stay as they are: on a CPU they are slower in 8 bits, and lose more.
_OPERATORS = ["MatMul", "Gemm", "Gather"]


@contextmanager
def on_cpu(network: nn.Module) -> Iterator[None]:
    """Have all parts of a network on the CPU, then again where each was."""
    tensors = [*network.parameters(), *network.buffers()]
    devices = [tensor.device for tensor in tensors]
    network.cpu()
    try:
        yield
    finally:
        for tensor, device in zip(tensors, devices, strict=True):
            tensor.data = tensor.data.to(device)


def to_onnx(
    network: nn.Module,
    inputs: Mapping[str, Tensor],
    path: Path,
    *,
    lengths: Mapping[str, Sequence[int]],
    outputs: Sequence[str],
) -> None:
    """Write a network that takes a batch of any size, in opset 18.

    Args:
        network: takes one list of tensors.
        inputs: an example of them by name, of more than one row.
        path: of the file.
        lengths: the axes of an input, besides the first, whose length differs.
        outputs: the names of what it gives.

    Raises:
        ChiasmError: PyTorch cannot write this network, or only for one size of batch.
    """
    axes = [dict.fromkeys((0, *lengths.get(name, ())), torch.export.Dim.DYNAMIC) for name in inputs]
    try:
        with torch.no_grad(), _quietly(), _plain_layers():
            torch.onnx.export(
                network.eval(),
                (list(inputs.values()),),
                path,
                input_names=list(inputs),
                output_names=list(outputs),
                opset_version=_OPSET,
                dynamo=True,
                dynamic_shapes=(axes,),
                external_data=False,
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        raise ChiasmError(
            f"PyTorch {torch.__version__} cannot write {path.name}: {_first_line(error)} Train a "
            "model with other encoders, or export with a later version of PyTorch."
        ) from error


@contextmanager
def _plain_layers() -> Iterator[None]:
    """Transformer layers as their single steps: the fused ones are unknown to ONNX."""
    was_enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was_enabled)


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the exporter's notes on its own workings."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with catch_warnings():
            simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _first_line(error: Exception) -> str:
    return str(error.__cause__ or error).strip().split("\n", 1)[0]


def quantise(path: Path) -> None:
    """Replace an ONNX file by one that multiplies in 8 bits, with scales found at each call.

    Weights are unsigned, since products of signed ones overflow on processors without VNNI.
    """
    network = onnx.load(path)
    # The noted shapes are those of weights that are about to be transposed.
    del network.graph.value_info[:]
    # PyTorch has simplified the network already.
    add_pre_process_metadata(network)
    quantize_dynamic(
        network,
        path,
        op_types_to_quantize=_OPERATORS,
        per_channel=True,
        weight_type=QuantType.QUInt8,
    )


def write_fusion(model: FusionClassifier, path: Path) -> None:
    """Write what maps encoded tokens to "logits", and to the attention under its names.

    It takes "text.tokens" float ``[b, l, d]`` and "text.mask" bool ``[b, l]``, and so on.
    """
    inputs: dict[str, Tensor] = {}
    lengths: dict[str, Sequence[int]] = {}
    for number, (modality, encoder) in enumerate(model.encoders.items()):
        # Lengths of their own: equal ones could be taken for one.
        values = torch.zeros(2, 3 + number, encoder.dim)
        inputs[f"{modality}.tokens"] = values
        inputs[f"{modality}.mask"] = torch.ones(values.shape[:2], dtype=torch.bool)
        lengths |= {f"{modality}.tokens": (1,), f"{modality}.mask": (1,)}
    network = ExportedFusion(model)
    with on_cpu(network):
        with torch.no_grad():
            attention = network.classify(list(inputs.values())).attention or {}
        to_onnx(network, inputs, path, lengths=lengths, outputs=["logits", *attention])

"""quantise: the weights of a network in 8 bits."""

from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

# Convolutions stay as they are: on a CPU they are slower in 8 bits, and lose more.
_OPERATORS = ["MatMul", "Gemm", "Gather"]


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

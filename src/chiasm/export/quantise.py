"""quantise: the weights of a network in 8 bits."""

from pathlib import Path

from onnxruntime.quantization import QuantType, quantize_dynamic

# Convolutions stay as they are: on a CPU they are slower in 8 bits, and lose more.
_OPERATORS = ["MatMul", "Gemm", "Gather"]


def quantise(path: Path) -> None:
    """Replace an ONNX file by one that multiplies in 8 bits, with scales found at each call."""
    quantize_dynamic(path, path, op_types_to_quantize=_OPERATORS, weight_type=QuantType.QInt8)

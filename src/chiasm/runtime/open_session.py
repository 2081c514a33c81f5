"""open_session: a network of an exported folder, ready to run."""

from pathlib import Path

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as errors

from chiasm.errors import ChiasmError

UNUSABLE = (
    errors.Fail,
    errors.InvalidArgument,
    errors.InvalidGraph,
    errors.InvalidProtobuf,
    errors.NotImplemented,
    errors.RuntimeException,
)


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """A session on the CPU, each of whose runs takes one core: batches run beside each other.

    Raises:
        ChiasmError: the file is no network that this version of ONNX Runtime can run.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except UNUSABLE as error:
        raise ChiasmError(
            f"{path} cannot be run by ONNX Runtime {onnxruntime.__version__}: {error}. Install the "
            "version that it was exported with, or a later one."
        ) from error

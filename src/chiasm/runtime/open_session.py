"""open_session: a network of an exported folder, ready to run."""

from pathlib import Path

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as errors

from chiasm.errors import ChiasmError

_UNUSABLE = (
    errors.Fail,
    errors.InvalidArgument,
    errors.InvalidGraph,
    errors.InvalidProtobuf,
    errors.NotImplemented,
    errors.RuntimeException,
)


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """A session on the CPU.

    Raises:
        ChiasmError: the file is no network that this version of ONNX Runtime can run.
    """
    options = onnxruntime.SessionOptions()
    # Threads that wait should sleep: decoding and other requests need the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except _UNUSABLE as error:
        raise ChiasmError(
            f"{path} cannot be run by ONNX Runtime {onnxruntime.__version__}: {error}. Install the "
            "version that it was exported with, or a later one."
        ) from error

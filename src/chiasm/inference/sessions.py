"""Networks run by ONNX Runtime."""

import re
from pathlib import Path

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as errors

from chiasm.errors import ChiasmError, UnreadableExample
from chiasm.utils.reading import NETWORK, read_own

# How ONNX names the file of weights that are kept beside a network, after the last byte of the
# length of that name; no export of ours has it, though a modality may be called "location".
_EXTERNAL = re.compile(rb"[\x00\x08]location")

UNUSABLE = (
    errors.Fail,
    errors.InvalidArgument,
    errors.InvalidGraph,
    errors.InvalidProtobuf,
    errors.NotImplemented,
    errors.RuntimeException,
)


def open_session(path: Path, *, keeps_memory: bool = True) -> onnxruntime.InferenceSession:
    """A session as ``cpu_session`` makes it.

    Raises:
        ChiasmError: the file is no network that this version of ONNX Runtime can run.
    """
    try:
        if _EXTERNAL.search(read_own(path.parent, path.name, most=NETWORK)):
            raise UnreadableExample(
                "it may have weights in other files, of which no digest is known"
            )
        # By its path, since a session keeps the content that it is made of.
        return cpu_session(str(path), keeps_memory=keeps_memory)
    except UnreadableExample as error:
        raise ChiasmError(f"{path}: {error}. Copy the folder again, or export anew.") from error
    except UNUSABLE as error:
        raise ChiasmError(
            f"{path} cannot be run by ONNX Runtime {onnxruntime.__version__}: {error}. Install the "
            "version that it was exported with, or a later one."
        ) from error


def cpu_session(network: str | bytes, *, keeps_memory: bool = True) -> onnxruntime.InferenceSession:
    """A session on the CPU, each of whose runs takes one core: batches run beside each other.

    ``network`` is the path of an ONNX file, or its content. The most memory that its runs needed at
    once is kept for the next ones, unless it ``keeps_memory`` not. Raises what ONNX Runtime raises.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = keeps_memory
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])

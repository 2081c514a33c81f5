"""one_core_session: a network run by ONNX Runtime."""

import onnxruntime


def one_core_session(network: str | bytes) -> onnxruntime.InferenceSession:
    """A session on the CPU, each of whose runs takes one core: batches run beside each other.

    ``network`` is the path of an ONNX file, or its content. Raises what ONNX Runtime raises.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])

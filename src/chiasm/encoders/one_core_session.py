"""one_core_session: a network run by ONNX Runtime."""

import onnxruntime


def one_core_session(
    network: str | bytes, *, keeps_memory: bool = True
) -> onnxruntime.InferenceSession:
    """A session on the CPU, each of whose runs takes one core: batches run beside each other.

    ``network`` is the path of an ONNX file, or its content. The most memory that its runs needed at
    once is kept for the next ones, unless it ``keeps_memory`` not. Raises what ONNX Runtime raises.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = keeps_memory
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])

"""The network of an encoder on chiasm's engine and on others, each in its best setting found."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime
import openvino
import torch
from numpy.typing import NDArray
from torch.utils.flop_counter import FlopCounterMode

from chiasm.encoders.base import Encoder
from chiasm.encoders.compute.thread_pool import thread_pool
from chiasm.exporting.networks import ExportedEncoder
from chiasm.exporting.onnx_files import to_onnx

BATCH = 32
SMALL = 8
# What chiasm takes.
OWN = 16

Inputs = dict[str, NDArray[Any]]


@contextmanager
def engines(encoder: Encoder, values: Sequence[Any]) -> Iterator[dict[str, Callable[[], object]]]:
    """Runs over all values, read beforehand and sorted by length, by name of the engine.

    ONNX Runtime and OpenVINO run the network that ``chiasm export`` writes, in float32: batches of
    8 of which several run at once, or batches of 32 on all cores, whichever is named.
    """
    inputs = _load_by_length(encoder, values)
    own = [inputs[start : start + OWN] for start in range(0, len(inputs), OWN)]
    fed_own = [_arrays(encoder, batch) for batch in own]
    fed_large = [
        _arrays(encoder, inputs[start : start + BATCH]) for start in range(0, len(inputs), BATCH)
    ]
    fed_small = [
        _arrays(encoder, inputs[start : start + SMALL]) for start in range(0, len(inputs), SMALL)
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "encoder.onnx"
        _write(encoder, path)
        one_core, all_cores = _session(path, threads=1), _session(path, threads=0)
        core = openvino.Core()
        # By default it computes in bfloat16 where the processor can.
        core.set_property("CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        throughput = core.compile_model(path, "CPU", {"PERFORMANCE_HINT": "THROUGHPUT"})
        latency = core.compile_model(path, "CPU", {"PERFORMANCE_HINT": "LATENCY"})

    def beside_each_other() -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda fed: one_core.run(None, fed), fed_small))

    def queued() -> None:
        queue = openvino.AsyncInferQueue(throughput)
        for fed in fed_small:
            queue.start_async(fed)
        queue.wait_all()

    def each_core_its_own() -> None:
        with thread_pool() as cores:
            list(cores.map(encoder.frozen, own))

    tokens = encoder.export_spec().tokens

    def pytorch() -> None:
        with thread_pool() as cores:
            list(cores.map(lambda fed: _without_gradients(tokens, fed), fed_own))

    yield {
        "chiasm": each_core_its_own,
        "PyTorch, batches of 16 beside each other": pytorch,
        "ONNX Runtime, batches of 8 beside each other": beside_each_other,
        "ONNX Runtime, batches of 32 on all cores": lambda: [
            all_cores.run(None, fed) for fed in fed_large
        ],
        "OpenVINO, batches of 8 beside each other": queued,
        "OpenVINO, batches of 32 on all cores": lambda: [latency(fed) for fed in fed_large],
    }


def count_flops(encoder: Encoder, values: Sequence[Any]) -> float:
    """GFLOP an item in such batches, padding included, as PyTorch counts them."""
    inputs = _load_by_length(encoder, values)
    frozen = encoder.export_spec()
    counter = FlopCounterMode(display=False)
    with counter:
        for start in range(0, len(inputs), OWN):
            _without_gradients(frozen.tokens, _arrays(encoder, inputs[start : start + OWN]))
    return counter.get_total_flops() / len(inputs) / 1e9


def _load_by_length(encoder: Encoder, values: Sequence[Any]) -> list[Any]:
    # The longest first, as in ``encode``: in the end no core waits long for another.
    order = np.argsort(encoder.lengths(values), kind="stable")[::-1]
    return [encoder.load(values[row]) for row in order]


def _arrays(encoder: Encoder, batch: Sequence[Any]) -> Inputs:
    if encoder.kind != "text":
        return {"values": np.stack(batch)}
    load = encoder.export_spec().preprocessing.load
    words = [load(text).values for text in batch]
    longest = max(map(len, words))
    values = np.zeros((len(words), longest), dtype=np.int64)
    mask = np.zeros((len(words), longest), dtype=bool)
    for row, numbers in enumerate(words):
        values[row, : len(numbers)], mask[row, : len(numbers)] = numbers, True
    return {"values": values, "mask": mask}


@torch.inference_mode()
def _without_gradients(tokens: Callable[..., torch.Tensor], fed: Inputs) -> torch.Tensor:
    return tokens(*map(torch.from_numpy, fed.values()))


def _write(encoder: Encoder, path: Path) -> None:
    frozen = encoder.export_spec()
    example = {"values": frozen.example}
    if frozen.is_sequence:
        example["mask"] = torch.ones(frozen.example.shape[:2], dtype=torch.bool)
    lengths = dict.fromkeys(example, frozen.lengths)
    to_onnx(
        ExportedEncoder(frozen, encoder.trainable_layers),
        example,
        path,
        lengths=lengths,
        outputs=["tokens"],
    )


def _session(path: Path, *, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

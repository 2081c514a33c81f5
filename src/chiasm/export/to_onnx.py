"""to_onnx: a network as an ONNX file."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from warnings import catch_warnings, simplefilter

import torch
from torch import Tensor, nn

from chiasm.errors import ChiasmError

_OPSET = 18


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

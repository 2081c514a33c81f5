"""on_cpu: networks where they can be exported."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


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

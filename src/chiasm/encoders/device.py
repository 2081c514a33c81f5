"""Where encoders compute."""

from collections.abc import Iterator

import torch
from torch import Tensor


def default_device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def in_parts(batch: Tensor) -> Iterator[Tensor]:
    """Parts of a batch small enough to go through a network at once.

    On the CPU a layer's output should stay below the 32 MB from which on malloc asks the system
    for fresh pages each time: 32 pictures at once cost half as much again in page faults.
    """
    size = 8 if batch.device.type == "cpu" else 64
    for start in range(0, len(batch), size):
        yield batch[start : start + size]

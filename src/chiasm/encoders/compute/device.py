"""Where encoders compute."""

import os
from collections.abc import Iterator

import torch
from torch import Tensor


def default_device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def in_parts(batch: Tensor) -> Iterator[Tensor]:
    """Parts of a batch small enough to go through a network at once.

    On the CPU a layer's output should stay below the 32 MB from which on malloc asks the system
    for fresh pages each time: 32 images at once cost half as much again in page faults.
    """
    size = 8 if batch.device.type == "cpu" else 64
    for start in range(0, len(batch), size):
        yield batch[start : start + size]


def _compute_alone() -> None:
    # The threads that torch computes with do not outlive a fork, and it would wait for them for
    # ever: the child takes one core, as torch's own loaders of data do.
    torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_compute_alone)

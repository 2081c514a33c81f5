"""Run a network over inputs of several shapes."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from chiasm.encoders.compute.device import in_parts


def run_by_shape(
    network: Callable[[Tensor], Tensor],
    batch: Sequence[NDArray[np.float32]],
    *,
    device: torch.device,
) -> list[Tensor]:
    """What the network gives for each input, on the CPU; those of one shape go through together.

    Nothing is padded, so that no row's result depends on which others are in the batch.
    """
    rows: dict[int, Tensor] = {}
    for shape in {item.shape for item in batch}:
        alike = [row for row, item in enumerate(batch) if item.shape == shape]
        inputs = torch.from_numpy(np.stack([batch[row] for row in alike])).to(device)
        outputs = torch.cat([network(part).cpu() for part in in_parts(inputs)])
        rows.update(zip(alike, outputs, strict=True))
    return [rows[row] for row in range(len(batch))]

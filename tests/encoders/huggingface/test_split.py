"""A network that was cut in two, as its own computation goes."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from chiasm.encoders.huggingface.split import FrozenLayers, find_blocks, split
from chiasm.errors import EncoderError

VALUES = torch.tensor([[1.0], [2.0]])


class Meeting(nn.Module):
    """Adds one; then waits until two threads have come so far."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1)])
        nn.init.ones_(self.layers[0].weight)
        nn.init.ones_(self.layers[0].bias)
        self.both_are_here = Barrier(2, timeout=10)

    def forward(self, values: Tensor) -> Tensor:
        values = self.layers[0](values)
        if len(values) == 3:
            self.both_are_here.wait()
        return self.layers[1](values)


def test_threads_that_run_the_same_frozen_layers_at_once_get_their_own_values() -> None:
    network = Meeting()
    frozen = FrozenLayers(network, find_blocks(network, lambda: network(VALUES)), 1)
    with ThreadPoolExecutor(2) as pool, torch.no_grad():
        given = [torch.full((3, 1), float(number)) for number in (1, 2)]
        found = list(pool.map(lambda values: frozen(values=values), given))
    for values, result in zip(given, found, strict=True):
        torch.testing.assert_close(result, values + 1)


class Backwards(nn.Module):
    """Computes its blocks from the last to the first, ``times`` over."""

    def __init__(self, times: int = 1) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            [nn.ModuleDict({"layers": nn.ModuleList([nn.Linear(1, 1)])}) for _ in range(3)]
        )
        self.times = times

    def forward(self, values: Tensor) -> Any:
        for _ in range(self.times):
            for stage in reversed(list(self.stages)):
                values = stage["layers"][0](values)
        return values


def test_blocks_come_in_the_order_in_which_they_are_computed() -> None:
    network = Backwards()
    found = [block.name for block in find_blocks(network, lambda: network(VALUES))]
    assert found == ["stages.2.layers.0", "stages.1.layers.0", "stages.0.layers.0"]


def test_a_network_that_computes_a_block_twice_cannot_be_cut() -> None:
    with pytest.raises(EncoderError, match=r"in what order they are computed.*0 .*or all"):
        split(Backwards(times=2), 1, "twice", lambda network: network(VALUES))

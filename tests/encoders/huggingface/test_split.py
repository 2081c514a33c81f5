"""A network that was cut in two."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import torch
from torch import Tensor, nn

from chiasm.encoders.huggingface.split import Trunk


class Meeting(nn.Module):
    """Two blocks, the first of which adds one; then it waits until two threads have come so far."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1)])
        nn.init.ones_(self.layers[0].weight)
        nn.init.ones_(self.layers[0].bias)
        self.both_are_here = Barrier(2, timeout=10)

    def forward(self, values: Tensor) -> Tensor:
        for layer in self.layers:
            values = layer(values)
        self.both_are_here.wait()
        return values


def test_threads_that_run_one_trunk_at_once_get_their_own_values() -> None:
    trunk = Trunk(Meeting(), 1)
    with ThreadPoolExecutor(2) as pool, torch.no_grad():
        given = [torch.full((3, 1), float(number)) for number in (1, 2)]
        found = list(pool.map(lambda values: trunk(values=values), given))
    for values, result in zip(given, found, strict=True):
        torch.testing.assert_close(result, values + 1)

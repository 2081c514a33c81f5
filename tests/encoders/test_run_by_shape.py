import numpy as np
import torch
from torch import Tensor

from chiasm.encoders.compute.shapes import run_by_shape


def test_rows_keep_their_order_and_share_calls_only_with_rows_of_their_shape() -> None:
    calls: list[tuple[int, ...]] = []

    def network(batch: Tensor) -> Tensor:
        calls.append(tuple(batch.shape))
        return batch.sum(dim=1, keepdim=True)

    batch = [np.full(length, n, dtype=np.float32) for n, length in enumerate((2, 3, 2, 5, 3))]
    results = run_by_shape(network, batch, device=torch.device("cpu"))
    assert [float(row) for row in results] == [0.0, 3.0, 4.0, 15.0, 12.0]
    assert sorted(calls) == [(1, 5), (2, 2), (2, 3)]

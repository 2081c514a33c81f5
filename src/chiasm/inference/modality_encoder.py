"""ModalityEncoder: from the values of one modality to their tokens."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from chiasm.inference.batches import share_rows
from chiasm.inference.preprocessing.base import Preprocessing
from chiasm.inference.preprocessing.log_mel import LogMel
from chiasm.inference.preprocessing.network_input import NetworkInput
from chiasm.inference.preprocessing.words import Words

Tokens = NDArray[np.float32]

# More at once are not faster on a CPU, take memory, and let a core wait for the last of them; of
# audio clips, each of which takes hundreds of MB, more than one are not either.
_BATCH = 4


class ModalityEncoder:
    """Preprocessing and network of one modality.

    Attributes:
        preprocessing: what makes the network's input.
        grid: rows and columns of the tokens of an image.
    """

    def __init__(
        self,
        *,
        preprocessing: Preprocessing,
        network: onnxruntime.InferenceSession,
        grid: tuple[int, int] | None,
    ) -> None:
        self.preprocessing = preprocessing
        self.grid = grid
        self._network = network
        self._takes = {node.name for node in network.get_inputs()}
        self._padding = preprocessing.padding if isinstance(preprocessing, Words) else 0
        self._batch = 1 if isinstance(preprocessing, LogMel) else _BATCH

    def encode(self, inputs: Sequence[NetworkInput], cores: ThreadPoolExecutor) -> Iterator[Tokens]:
        """The real tokens ``[l, d]`` of each input; they never depend on the others.

        A batch runs on one core, which several of them use better than one batch uses several. They
        are begun at once, and waited for where the tokens are taken.
        """
        batches = list(_batches(inputs, self._batch))
        run = cores.map(self._run, [[inputs[row] for row in rows] for rows in batches])
        return _in_order(batches, run)

    def _run(self, batch: Sequence[NetworkInput]) -> list[Tokens]:
        fed = {"values": _stack([item.values for item in batch], self._padding)}
        masks = [item.mask for item in batch if item.mask is not None]
        if "mask" in self._takes:
            fed["mask"] = _stack(masks, False)
        (tokens,) = self._network.run(None, fed)
        return [
            row if item.mask is None else row[: len(item.mask)][item.mask]
            for item, row in zip(batch, tokens, strict=True)
        ]


def _in_order(batches: Sequence[Sequence[int]], run: Iterator[list[Tokens]]) -> Iterator[Tokens]:
    found = dict(zip(chain(*batches), chain.from_iterable(run), strict=True))
    yield from (found[row] for row in range(len(found)))


def _batches(inputs: Sequence[NetworkInput], most: int) -> Iterator[Sequence[int]]:
    """Rows that go through the network together: sequences of like length, others of one shape."""
    alike: dict[Any, list[int]] = {}
    for row, item in enumerate(inputs):
        alike.setdefault("sequence" if item.mask is not None else item.values.shape, []).append(row)
    for rows in alike.values():
        rows.sort(key=lambda row: len(inputs[row].values))
        yield from share_rows(rows, most=most)


def _stack(arrays: Sequence[NDArray[Any]], padding: int) -> NDArray[Any]:
    """One batch, the first axis filled up to the longest."""
    longest = max(map(len, arrays))
    shape = (len(arrays), longest, *arrays[0].shape[1:])
    stacked = np.full(shape, padding, dtype=arrays[0].dtype)
    for position, array in enumerate(arrays):
        stacked[position, : len(array)] = array
    return stacked

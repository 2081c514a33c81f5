"""FusionNetwork: from the tokens of all modalities to probabilities."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from chiasm.inference.batches import share_rows
from chiasm.inference.modality_encoder import Tokens
from chiasm.tasks.base import Task
from chiasm.utils.arrays import Floats

# More at once are not faster, and take memory.
_BATCH = 8


class FusionNetwork:
    """Fusion and head.

    Args:
        network: takes "text.tokens" float ``[b, l, d]`` and "text.mask" bool ``[b, l]``, and so for
            each modality; gives "logits" ``[b, classes]`` first.
        dims: width of the tokens of each modality.
        temperature: what the logits are divided by.
    """

    def __init__(
        self,
        network: onnxruntime.InferenceSession,
        *,
        dims: Mapping[str, int],
        task: Task,
        temperature: float,
    ) -> None:
        self._network = network
        self._takes = {node.name for node in network.get_inputs()}
        self._dims = dict(dims)
        self._task = task
        self._temperature = temperature
        self._only_logits = onnxruntime.RunOptions()
        # The attention, which other programs may want, is not computed.
        self._only_logits.only_execute_path_to_fetches = True

    def probabilities(
        self, rows: Sequence[Mapping[str, Tokens]], cores: ThreadPoolExecutor
    ) -> Floats:
        """Calibrated probabilities ``[n, classes]``, each core working on rows of its own.

        A row has tokens ``[l, d]`` of some modalities; those that it lacks are missing.
        """
        logits = cores.map(self._logits, share_rows(rows, most=_BATCH))
        return self._task.calibrate_array(np.concatenate(list(logits)), self._temperature)

    def _logits(self, rows: Sequence[Mapping[str, Tokens]]) -> NDArray[np.float32]:
        fed: dict[str, NDArray[Any]] = {}
        for modality, dim in self._dims.items():
            nothing = np.empty((0, dim), dtype=np.float32)
            sequences = [row.get(modality, nothing) for row in rows]
            # At least one long, so that attention has a key to mask.
            longest = max(1, *map(len, sequences))
            tokens = np.zeros((len(rows), longest, dim), dtype=np.float32)
            mask = np.zeros((len(rows), longest), dtype=np.bool_)
            for position, sequence in enumerate(sequences):
                tokens[position, : len(sequence)] = sequence
                mask[position, : len(sequence)] = True
            fed |= {f"{modality}.tokens": tokens, f"{modality}.mask": mask}
        fed = {name: array for name, array in fed.items() if name in self._takes}
        logits: NDArray[np.float32] = self._network.run(["logits"], fed, self._only_logits)[0]
        return logits

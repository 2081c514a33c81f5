"""NetworkInput: one value as an encoder's network takes it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class NetworkInput:
    """One preprocessed value, and where its tokens lie in it.

    Attributes:
        values: what the network takes, without the batch axis.
        mask: which of them are real, for a sequence that is padded to a fixed length: bool ``[l]``.
        pieces: the word pieces of a text.
        spans: first character of each piece, and the one after its last.
    """

    values: NDArray[Any]
    mask: NDArray[np.bool_] | None = None
    pieces: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()

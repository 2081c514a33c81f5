"""NetworkInput: one value as an encoder's network takes it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class NetworkInput:
    """One preprocessed value, and where its tokens lie in what was given.

    Attributes:
        values: what the network takes, without the batch axis.
        mask: bool ``[l]``, which positions of a sequence are real; None: it is no sequence.
        pieces: the word pieces of a text, special ones included.
        spans: where each token lies: the first character of the text and the one after the last,
            or the seconds of a sound.
        box: left, top, right and bottom of the part of a picture that the network sees, as
            fractions of its width and height.
    """

    values: NDArray[Any]
    mask: NDArray[np.bool_] | None = None
    pieces: tuple[str, ...] = ()
    spans: tuple[tuple[float, float], ...] = ()
    box: tuple[float, float, float, float] | None = None

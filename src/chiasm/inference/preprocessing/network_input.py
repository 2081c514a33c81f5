"""NetworkInput: one value as an encoder's network takes it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chiasm.inference.left_out import LeftOut
from chiasm.inference.token_spans import WHOLE, Box, TokenSpan


@dataclass(frozen=True)
class NetworkInput:
    """One preprocessed value, and where its tokens lie in what was given.

    Attributes:
        values: what the network takes, without the batch axis.
        mask: bool ``[l]``, which positions of a sequence are real; None: it is no sequence.
        spans: of the tokens of a text or an audio clip.
        box: left, top, right and bottom of the part of an image that the network sees, as
            fractions of its width and height.
        left_out: what of the value is not in ``values``.
    """

    values: NDArray[Any]
    mask: NDArray[np.bool_] | None = None
    spans: tuple[TokenSpan, ...] = ()
    box: Box = WHOLE
    left_out: tuple[LeftOut, ...] = ()

"""FeatureVectors: precomputed features as a model takes them."""

from dataclasses import dataclass

import numpy as np

from chiasm.data.media.facts import Vectors
from chiasm.data.media.vectors import check_vectors
from chiasm.errors import EncoderError
from chiasm.inference.preprocessing.network_input import NetworkInput


@dataclass(frozen=True)
class FeatureVectors:
    """Vectors of ``width`` numbers, as they are; ``modality`` is what they are called.

    Raises:
        EncoderError: vectors of no numbers.
    """

    modality: str
    width: int

    def __post_init__(self) -> None:
        if self.width < 1:
            raise EncoderError(
                f"The features {self.modality!r} have {self.width} numbers a vector: give at "
                "least 1."
            )

    def load(self, value: Vectors) -> NetworkInput:
        """Float32 ``[l, width]``.

        Raises:
            EncoderError: vectors of another length.
            UnreadableExample: numbers that cannot be computed with.
        """
        self.check_width(value)
        check_vectors(value)
        return NetworkInput(value.astype(np.float32), mask=np.ones(len(value), dtype=np.bool_))

    def check_width(self, value: Vectors) -> None:
        """Make sure of the length of the vectors.

        Raises:
            EncoderError: they have another one.
        """
        if value.shape[1] != self.width:
            raise EncoderError(
                f"The features {self.modality!r} have {value.shape[1]} numbers a vector, and the "
                f"model takes {self.width}. Give features made like those it was trained on."
            )

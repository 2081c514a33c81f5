"""What all preprocessing has in common."""

from typing import Any, Protocol

from chiasm.inference.preprocessing.network_input import NetworkInput


class Preprocessing(Protocol):
    """From a raw value to what a network takes: without torch, and told by a few settings."""

    def load(self, value: Any, /) -> NetworkInput:
        """Decode and preprocess one value.

        Raises:
            UnreadableExample: the value cannot be decoded.
        """

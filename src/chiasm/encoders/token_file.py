"""TokenFile: tokens of one run on the disk."""

import struct
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

# Where the tokens of a row begin in the file, how many there are, and their width.
_PLACE = struct.Struct("<QII")


class TokenFile:
    """A new file to which float16 tokens are appended: a TokenSource that takes no memory."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w+b")
        self._end = 0

    def append(self, tokens: Tensor) -> bytes:
        """Write the tokens ``[l, d]`` of a row, and return the key by which they are read."""
        place = _PLACE.pack(self._end, *tokens.shape)
        self._file.seek(self._end)
        self._end += self._file.write(tokens.numpy().astype("<f2").tobytes())
        return place

    def __getitem__(self, key: bytes) -> Tensor:
        start, length, width = _PLACE.unpack(key)
        values = np.empty((length, width), dtype="<f2")
        self._file.seek(start)
        self._file.readinto(values)  # type: ignore[attr-defined]
        return torch.from_numpy(values.astype(np.float16, copy=False))

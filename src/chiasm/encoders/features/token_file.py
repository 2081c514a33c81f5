"""TokenFile: tokens of one run on the disk."""

import struct
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import torch
from torch import Tensor

# Where the tokens of a row begin in the file, how many there are, and their width.
_ENTRY = struct.Struct("<QII")


class TokenFile:
    """Float16 tokens in a file without a name: a TokenSource that takes no memory.

    The file goes with the process, however that ends.

    Args:
        folder: on which disk.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115
        self._end = 0

    def append(self, tokens: Tensor) -> bytes:
        """Write the tokens ``[l, d]`` of a row, and return the key by which they are read."""
        entry = _ENTRY.pack(self._end, *tokens.shape)
        self._file.seek(self._end)
        self._end += self._file.write(tokens.numpy().astype("<f2").tobytes())
        return entry

    def __getitem__(self, key: bytes) -> Tensor:
        start, length, width = _ENTRY.unpack(key)
        self._file.seek(start)
        values = np.frombuffer(self._file.read(2 * length * width), dtype="<f2")
        return torch.from_numpy(values.reshape(length, width).astype(np.float16))

    def length(self, key: bytes) -> int:
        length: int = _ENTRY.unpack(key)[1]
        return length

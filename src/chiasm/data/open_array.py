"""open_array: an array of numbers from a NumPy file, without running anything that is in it."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from chiasm.data.table import Vectors
from chiasm.errors import UnreadableExample

_NUMBERS = "biuf"  # kinds of dtype: bool, integer, unsigned, float
_BROKEN = (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError)


def open_array(path: Path, key: str | None = None) -> Vectors:
    """The array of a ``.npy`` file, which stays on disk, or one of a ``.npz`` file.

    ``key`` names the array in a ``.npz`` file; None: its only one.

    Raises:
        UnreadableExample: no such file or key, or anything but numbers: Python objects would have
            to be unpickled, which runs code of the file.
    """
    if not path.is_file():
        raise UnreadableExample("file not found")
    try:
        array = _open_npz(path, key) if path.suffix.lower() == ".npz" else _open_npy(path)
    except _BROKEN as error:
        raise UnreadableExample("no NumPy file of numbers (Python objects are not read)") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in _NUMBERS:
        raise UnreadableExample("not an array of numbers")
    return array


def _open_npy(path: Path) -> Vectors:
    return np.asarray(np.lib.format.open_memmap(path, mode="r"))


def _open_npz(path: Path, key: str | None) -> Vectors:
    with path.open("rb") as file, np.lib.npyio.NpzFile(file, allow_pickle=False) as archive:
        names = archive.files
        if key is None and len(names) != 1:
            raise UnreadableExample(
                f"several arrays: choose one, {path.name}:{' or :'.join(names)}"
            )
        if key is not None and key not in names:
            raise UnreadableExample(f"no array {key!r}, only {', '.join(names)}")
        array: Vectors = archive[key or names[0]]
        return array

"""Arrays of numbers, read without running anything that is in their file, and checked."""

import errno
import math
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal

import numpy as np

from chiasm.data.media.facts import Vectors
from chiasm.errors import UnreadableExample
from chiasm.utils.reading import open_regular, refuse_holes

_NUMBERS = "biuf"  # kinds of dtype: bool, integer, unsigned, float
_BROKEN = (
    *(ValueError, EOFError, TypeError, LookupError, OverflowError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError),
)
# The most numbers of a vector that a model takes.
WIDEST = 1 << 17
# The squares of larger numbers, summed over the tokens of a batch, leave float32.
_LARGEST = 1e15


def open_array(path: Path, key: str | None = None) -> Vectors:
    """The array of a ``.npy`` file, which stays on disk, or one of a ``.npz`` file.

    ``key`` names the array in a ``.npz`` file; None: its only one.

    Raises:
        UnreadableExample: no such file or key, or anything but numbers: Python objects would have
            to be unpickled, which runs code of the file.
    """
    try:
        with open_regular(path) as file:
            is_npz = path.suffix.lower() == ".npz"
            array = _open_npz(file, path.name, key) if is_npz else _open_npy(file)
    except (OSError, MemoryError, *_BROKEN) as error:
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
            raise UnreadableExample("more numbers than the memory that is left") from error
        raise UnreadableExample("no NumPy file of numbers (Python objects are not read)") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in _NUMBERS:
        raise UnreadableExample("not an array of numbers")
    return array


def _open_npy(file: BinaryIO) -> Vectors:
    refuse_holes(file)
    shape, in_columns, dtype = _header(file)
    if dtype.hasobject:
        raise ValueError("objects")
    order: Literal["F", "C"] = "F" if in_columns else "C"
    array = np.memmap(file, dtype, "r", offset=file.tell(), shape=shape, order=order)
    return np.asarray(array)


def _open_npz(file: BinaryIO, name: str, key: str | None) -> Vectors:
    with zipfile.ZipFile(file) as archive:
        entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        if key is None and len(entries) != 1:
            raise UnreadableExample(f"several arrays: choose one, {name}:{' or :'.join(entries)}")
        if key is not None and key not in entries:
            raise UnreadableExample(f"no array {key!r}, only {', '.join(entries)}")
        entry = entries[key or next(iter(entries))]
        with archive.open(entry) as stored:
            promised = _size(stored)
        if promised > entry.file_size:
            raise ValueError("the header promises more numbers than there are")
        with archive.open(entry) as stored:
            array: Vectors = np.lib.format.read_array(stored, allow_pickle=False)
            return array


def _size(stored: IO[bytes]) -> int:
    """How many bytes the numbers of an array take, by its header."""
    shape, _, dtype = _header(stored)
    return math.prod(shape) * dtype.itemsize


def _header(stored: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether it goes column by column, and kind of number."""
    version = np.lib.format.read_magic(stored)
    read = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        read = np.lib.format.read_array_header_2_0
    return read(stored)


def check_vectors(vectors: Vectors) -> None:
    """Make sure that all numbers are there, and small enough for means and variances.

    Raises:
        UnreadableExample: some are NaN, infinite or beyond 1e15 on either side of 0, or there are
            more in a vector than a model takes.
    """
    if vectors.shape[-1] > WIDEST:
        raise UnreadableExample(
            f"vectors of {vectors.shape[-1]:,} numbers, and {WIDEST:,} are the most (make them "
            "fewer, for example by principal components)"
        )
    with np.errstate(over="ignore"):
        # As the model will see them: a large float64 is infinite there.
        seen = vectors.astype(np.float32, copy=False)
    if not np.isfinite(seen).all():
        raise UnreadableExample("NaN or infinite features")
    if np.abs(seen).max(initial=0) > _LARGEST:
        raise UnreadableExample(f"features beyond ±{_LARGEST:g} (scale them down)")

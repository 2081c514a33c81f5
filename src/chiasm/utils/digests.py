"""Digests of files."""

import hashlib
from functools import cache
from pathlib import Path

from chiasm.utils.reading import open_regular, refuse_holes


def digest_of(path: Path) -> bytes:
    """SHA-256 of a file's contents.

    Raises:
        UnreadableExample: it is no regular file, or a sparse one.
    """
    digest = hashlib.sha256()
    with open_regular(path) as file:
        refuse_holes(file)
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.digest()


def digest_of_weights(path: Path) -> str:
    """SHA-256 of a large file, in hexadecimal; read once in a process while it stays as it is.

    Raises:
        UnreadableExample: as ``digest_of``.
    """
    status = path.stat()
    return _remembered(path, status.st_mtime_ns, status.st_size)


@cache
def _remembered(path: Path, modified: int, size: int) -> str:
    return digest_of(path).hex()

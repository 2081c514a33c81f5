"""Regular files, of bounded size: what else has a name may keep a reader waiting, or never end."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from chiasm.errors import DataError, UnreadableExample

# Of settings, manifests and records, which are a few kB.
SMALL = 16 << 20
# Of networks and tokenizers; what holds weights in one protobuf is smaller.
NETWORK = 4 << 30
# Of holes, which are read as zeros without being on the disk: what saves disk leaves a few.
_MOST_OF_HOLES = 1 << 30
# What Git LFS puts in the place of a file begins so, and is smaller than this.
_POINTER, _MOST_OF_A_POINTER = b"version https://git-lfs.github.com/spec/", 1024
# Pipes of nobody would be waited for; Windows knows no such files, and translates line ends.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading, at once.

    Raises:
        UnreadableExample: there is none, it may not be read, it is a folder, a pipe, a socket or a
            device, or Git LFS has not fetched it.
    """
    try:
        handle = os.open(path, _FLAGS | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError as error:
        raise UnreadableExample("file not found") from error
    except (OSError, ValueError) as error:
        raise UnreadableExample("file cannot be read") from error
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode):
        os.close(handle)
        raise UnreadableExample("not a regular file")
    file = os.fdopen(handle, "rb")
    if facts.st_size < _MOST_OF_A_POINTER and file.peek(len(_POINTER)).startswith(_POINTER):
        file.close()
        raise UnreadableExample(
            "a pointer of Git LFS, not the file itself (git lfs pull fetches it)"
        )
    return file


def check_there(path: Path) -> None:
    """Make sure that there are data to read.

    Raises:
        DataError: it is neither a regular file nor a folder.
    """
    if not path.is_dir() and not path.is_file():
        raise DataError(f"There is no file or folder {path}.")


def read_regular(path: Path, *, most: int) -> bytes:
    """The content of a file of at most so many bytes.

    Raises:
        UnreadableExample: it is larger, or as ``open_regular``.
    """
    with open_regular(path) as file:
        try:
            size = os.fstat(file.fileno()).st_size
            # A file may grow while it is read.
            content = file.read(most + 1) if size <= most else b""
        except OSError as error:
            raise UnreadableExample("file cannot be read") from error
        except MemoryError as error:
            raise UnreadableExample("file larger than the memory that is left") from error
    if max(size, len(content)) > most:
        raise UnreadableExample(f"file larger than {say_size(most)}")
    return content


def read_own(folder: Path, name: str, *, most: int) -> bytes:
    """The content of a file of a folder, which no link leads out of.

    Raises:
        UnreadableExample: one does, or as ``read_regular``.
    """
    return read_regular(_own(folder, name), most=most)


def open_own(folder: Path, name: str) -> BinaryIO:
    """Open a file of a folder, which no link leads out of.

    Raises:
        UnreadableExample: one does, or as ``open_regular``.
    """
    return open_regular(_own(folder, name))


def _own(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise UnreadableExample("a link that leads out of its folder")
    return path


def refuse_holes(file: BinaryIO) -> None:
    """Let pass a file, just opened, whose content is on the disk: holes are read for hours.

    Raises:
        UnreadableExample: more than 1 GiB of it is not there.
    """
    size = os.fstat(file.fileno()).st_size
    # Where a system cannot tell, all is there.
    if hasattr(os, "SEEK_HOLE") and size > _MOST_OF_HOLES:
        found = _holes(file.fileno(), size)
        file.seek(0)
        if found > _MOST_OF_HOLES:
            raise UnreadableExample(f"a sparse file, of whose {say_size(size)} most is not there")


def _holes(file: int, size: int) -> int:
    """The bytes of its holes, counted no further than is allowed."""
    position, found = 0, 0
    while position < size and found <= _MOST_OF_HOLES:
        try:
            data = os.lseek(file, position, os.SEEK_DATA)
        except OSError as error:
            # Nothing but a hole comes after this position, or the file system knows of none.
            return found + (size - position if error.errno == errno.ENXIO else 0)
        found += data - position
        position = os.lseek(file, data, os.SEEK_HOLE)
    return found


def say_size(size: int) -> str:
    """A number of bytes, as people say it."""
    for factor, unit in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB")):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size / 1000:.3g} kB"

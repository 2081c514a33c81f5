"""The LMDB file of the cache, which a process opens once."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import lmdb

from chiasm.errors import ChiasmError

# Address space, not disk: the file grows with what is in it.
_MAP_SIZE = 256 << 30
_SMALLEST_MAP = 1 << 30
_MAX_READERS = 512
# Pages that were read stay mapped, and count as memory of the process, until the file is closed.
_MOST_MAPPED = 128 << 20
# Linux maps as much around a page that is asked for, where the file is in memory.
_MAPPED_AROUND = 64 << 10


@dataclass
class _Opened:
    """``users`` are the transactions under way, ``mapped`` the bytes that were read so far."""

    environment: lmdb.Environment
    users: int = 0
    mapped: int = 0


# LMDB forbids to open one file twice in a process, even after a fork.
_opened: dict[Path, _Opened] = {}
_lock = threading.Lock()


@contextmanager
def reading(folder: Path) -> Iterator[lmdb.Transaction]:
    """A transaction whose values are the file's own pages: there only as long as it is.

    Raises:
        ChiasmError: the file cannot be opened, or is damaged.
    """
    opened = _enter(folder)
    try:
        with opened.environment.begin(buffers=True) as transaction:
            yield transaction
    except lmdb.Error as error:
        raise _damaged(folder, error) from error
    finally:
        _leave(folder, opened)


@contextmanager
def writing(folder: Path) -> Iterator[lmdb.Transaction]:
    """A transaction that takes values; what was put is committed at its end.

    Raises:
        ChiasmError: the file cannot be opened or written.
    """
    opened = _enter(folder)
    try:
        with opened.environment.begin(write=True) as transaction:
            yield transaction
    except lmdb.Error as error:
        raise ChiasmError(
            f"The cache {folder.parent} cannot be written: {error}. Free some disk space "
            "(chiasm cache clear empties the cache), or set CHIASM_CACHE to a folder on another "
            "disk."
        ) from error
    finally:
        _leave(folder, opened)


def note_read(folder: Path, size: int) -> None:
    """Tell how many bytes were read; after many, the file is closed and opened anew."""
    with _lock:
        if folder in _opened:
            _opened[folder].mapped += size + _MAPPED_AROUND


def close(folder: Path) -> None:
    """Close the file, if this process has it open."""
    with _lock:
        if folder in _opened:
            _opened.pop(folder).environment.close()


def _enter(folder: Path) -> _Opened:
    with _lock:
        if folder not in _opened:
            _opened[folder] = _Opened(_open(folder))
        _opened[folder].users += 1
        return _opened[folder]


def _leave(folder: Path, opened: _Opened) -> None:
    with _lock:
        opened.users -= 1
        if not opened.users and opened.mapped > _MOST_MAPPED and _opened.get(folder) is opened:
            _opened.pop(folder).environment.close()


def _open(folder: Path) -> lmdb.Environment:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        environment = _map(folder, _MAP_SIZE)
        _check_length(environment, folder / "data.mdb")
    except (lmdb.CorruptedError, lmdb.InvalidError, lmdb.VersionMismatchError) as error:
        raise _damaged(folder, error) from error
    except (lmdb.Error, OSError) as error:
        raise ChiasmError(
            f"The cache {folder.parent} cannot be opened: {error}. Set CHIASM_CACHE to a "
            "folder on a local disk that you may write to, with some room left."
        ) from error
    environment.reader_check()  # frees the places of readers that were killed
    return environment


def _map(folder: Path, size: int) -> lmdb.Environment:
    """The file in so much address space, or less where a limit of the system refuses that."""
    try:
        return lmdb.open(
            os.fsencode(folder),  # any name, UTF-8 or not
            map_size=size,
            max_readers=_MAX_READERS,
            # A crash of the machine may lose the last batch, never the file.
            metasync=False,
            readahead=False,
        )
    except lmdb.MemoryError as error:
        if size > _SMALLEST_MAP:
            return _map(folder, size // 2)
        raise ChiasmError(
            f"The cache {folder.parent} cannot be opened: there is too little address space. See "
            "`ulimit -v`, and allow some gigabytes more, or no limit."
        ) from error


def _check_length(environment: lmdb.Environment, file: Path) -> None:
    """Refuse a file that was cut: to read beyond its end would kill the process."""
    needed = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    if file.stat().st_size < needed:
        environment.close()
        raise lmdb.CorruptedError("its file was cut short")


def _damaged(folder: Path, error: Exception) -> ChiasmError:
    return ChiasmError(
        f"The cache {folder.parent} is damaged: {error}. Empty it (chiasm cache clear), "
        "then run the command again: everything is encoded anew."
    )


def _forget() -> None:
    global _lock
    _lock = threading.Lock()
    for opened in _opened.values():
        opened.environment.close()
    _opened.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)

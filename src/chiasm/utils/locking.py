"""exclusive_lock: one process at a time writes to a file or a folder."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from chiasm.errors import ChiasmError

LOCK = ".lock"


@contextmanager
def exclusive_lock(out: Path, *, folder: bool) -> Iterator[None]:
    """Keep other processes from writing to ``out``; a killed process keeps none.

    A ``folder`` is made, and removed again if nothing was written to it.

    Raises:
        ChiasmError: another process writes there, or ``out`` is a file where a folder is meant.
    """
    if folder and out.exists() and not out.is_dir():
        raise ChiasmError(f"{out} is a file. Give `out` a folder.")
    parent = out if folder else out.parent
    parent.mkdir(parents=True, exist_ok=True)
    file = parent / (LOCK if folder else f"{LOCK}-{out.name}")
    lock = FileLock(file)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise ChiasmError(
            f"Another process is writing to {out}. Wait until it is done, or write elsewhere."
        ) from error
    try:
        yield
    finally:
        # While it is held: nobody else's is removed. Some systems do not remove what is open.
        with suppress(OSError):
            file.unlink()
        lock.release()
        if folder:
            with suppress(OSError):
                out.rmdir()

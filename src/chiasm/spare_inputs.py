"""spare_inputs: no output takes the place of what is read."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from chiasm.errors import ChiasmError


def spare_inputs(outputs: Iterable[Path | None], inputs: Iterable[Path]) -> None:
    """Make sure that no output is an input, by whatever link or spelling either is named.

    An output that is a folder holds no file of them either: any name may be written there.

    Raises:
        ChiasmError: one does.
    """
    endangered = {
        identity: output
        for output in outputs
        if output is not None
        for path in (output, *_files_of(output))
        if (identity := _identity(path))
    }
    if not endangered:
        return
    for path in inputs:
        identity = _identity(path)
        if identity is None or identity not in endangered:
            continue
        output = endangered[identity]
        if output.is_dir():
            raise ChiasmError(
                f"{output} holds {path}, which is read: nothing is written over it. Write to a new "
                "folder."
            )
        raise ChiasmError(
            f"{output} is {path}, which is read: it is not written over. Write to another file."
        )


def _files_of(output: Path) -> Iterator[Path]:
    if output.is_dir():
        yield from (path for path in output.iterdir() if path.is_file())


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from all others: the same for each of its links."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino

"""Where results may be written: into folders of their own, and over nothing that is read."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from chiasm.errors import ChiasmError
from chiasm.utils.litter import is_litter
from chiasm.utils.locking import LOCK
from chiasm.utils.writing import PART


def check_own_folder(path: Path, *, record: Path) -> None:
    """Make sure that a folder is new, empty, or of the same command, which wrote ``record`` there.

    Raises:
        ChiasmError: it is a file, holds other files, or is not named in UTF-8.
    """
    check_decodable(path)
    if path.exists() and not path.is_dir():
        raise ChiasmError(f"{path} is a file. Give a folder.")
    if holds_files(path) and not record.is_file():
        raise ChiasmError(
            f"{path} is not empty and holds no {record.name}. Give a new or empty folder, so that "
            "nothing of yours is overwritten."
        )


def check_decodable(folder: Path) -> None:
    """Make sure that models can be in a folder: what reads their weights takes UTF-8 names only.

    Raises:
        ChiasmError: its path is none.
    """
    try:
        str(folder.absolute()).encode()
    except UnicodeEncodeError as error:
        raise ChiasmError(
            f"{folder.absolute()} is no path in UTF-8, which a model's folder needs. Rename that, "
            "or use another folder."
        ) from error


def holds_files(folder: Path) -> bool:
    """Whether something is in a folder that systems, and processes, do not put there themselves."""
    held = [file for file in folder.iterdir() if not is_litter(file)] if folder.is_dir() else []
    # What a process that was killed left there is not the user's either.
    return any(not file.name.startswith((LOCK, PART)) for file in held)


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

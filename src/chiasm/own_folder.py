"""Whether a folder may be written to."""

from pathlib import Path

from chiasm.errors import ChiasmError
from chiasm.litter import is_litter
from chiasm.sole_writer import LOCK
from chiasm.whole_files import PART


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

"""check_own_folder: whether a folder may be written to."""

from pathlib import Path

from chiasm.errors import ChiasmError
from chiasm.litter import is_litter
from chiasm.sole_writer import LOCK
from chiasm.whole_files import PART


def check_own_folder(path: Path, *, record: Path) -> None:
    """Make sure that a folder is new, empty, or of the same command, which wrote ``record`` there.

    Raises:
        ChiasmError: it is a file, or holds other files.
    """
    if path.exists() and not path.is_dir():
        raise ChiasmError(f"{path} is a file. Give a folder.")
    held = [file for file in path.iterdir() if not is_litter(file)] if path.is_dir() else []
    # What a process that was killed left there is not the user's either.
    if any(not file.name.startswith((LOCK, PART)) for file in held) and not record.is_file():
        raise ChiasmError(
            f"{path} is not empty and holds no {record.name}. Give a new or empty folder, so that "
            "nothing of yours is overwritten."
        )

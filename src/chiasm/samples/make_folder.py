"""Where a sample goes."""

from pathlib import Path

from chiasm.errors import DataError
from chiasm.utils.outputs import holds_files


def make_folder(out: Path) -> None:
    """Make the folder ``out``, or take it as it is if it is empty.

    Raises:
        DataError: ``out`` is a file, or holds something already.
    """
    if out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file; a sample needs a folder. Give another name.")
    if holds_files(out):
        raise DataError(
            f"{out} is not empty, and a sample never overwrites files. "
            "Give a new folder, or empty this one first."
        )
    out.mkdir(parents=True, exist_ok=True)

"""What to install where a package that only some work needs is missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from chiasm.errors import ChiasmError


@contextmanager
def needs_extra(extra: str, need: str, *, kind: type[ChiasmError] = ChiasmError) -> Iterator[None]:
    """Import in here what a work needs that ``pip install chiasm`` alone does not bring.

    Args:
        extra: that brings it.
        need: which work needs what, as a clause.
        kind: of the error.

    Raises:
        ChiasmError: it is not installed, or cannot be loaded.
    """
    try:
        yield
    except (ImportError, OSError) as error:  # OSError: a library of the system is missing
        raise kind(
            f'{need}, which cannot be imported ({error}). Run: pip install "chiasm[{extra}]"'
        ) from error


@contextmanager
def needs_whole() -> Iterator[None]:
    """Do in here what needs all that ``pip install chiasm`` brings.

    Raises:
        ChiasmError: something of it is missing, as where only serving is installed for.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "chiasm").partition(".")[0]
        if missing == "chiasm":
            raise
        raise ChiasmError(
            f"This needs {missing}, which is not installed here. Run: pip install chiasm. What is "
            "installed may be enough to serve a model: chiasm serve EXPORTED answers with what "
            "chiasm export wrote elsewhere."
        ) from error

"""needs_extra: what to install where a package that only some work needs is missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from chiasm.errors import ChiasmError


@contextmanager
def needs_extra(extra: str, work: str, *, kind: type[ChiasmError] = ChiasmError) -> Iterator[None]:
    """Import in here what a work needs that ``pip install chiasm`` alone does not bring.

    Args:
        extra: that brings it.
        work: as the subject of a sentence.
        kind: of the error.

    Raises:
        ChiasmError: it is not installed, or cannot be loaded.
    """
    try:
        yield
    except (ImportError, OSError) as error:  # OSError: a library of the system is missing
        raise kind(
            f"{work} needs what the extra {extra} brings ({error}). "
            f'Run: pip install "chiasm[{extra}]"'
        ) from error

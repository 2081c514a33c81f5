"""Malloc: what glibc does with memory that is freed."""

import ctypes
from collections.abc import Mapping

# Parameters of its mallopt.
TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8


# A size that nothing reaches.
_NEVER = 1 << 30


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, where the C library can be asked to.

    A training frees and asks for the same blocks in each step. glibc would give those of more than
    some megabytes back to the system and have them anew, filled with zeros page by page.
    """
    set_malloc({TRIM_THRESHOLD: _NEVER, MMAP_THRESHOLD: _NEVER})


def set_malloc(parameters: Mapping[int, int]) -> None:
    """Set parameters for this process; another C library is left as it is."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    for parameter, value in parameters.items():
        mallopt(parameter, value)

"""Malloc: what glibc does with memory that is freed."""

import ctypes
from collections.abc import Mapping

# Parameters of its mallopt.
TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8


def set_malloc(parameters: Mapping[int, int]) -> None:
    """Set parameters for this process; another C library is left as it is."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    for parameter, value in parameters.items():
        mallopt(parameter, value)

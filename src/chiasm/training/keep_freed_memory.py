"""keep_freed_memory: what one step frees is there for the next."""

import ctypes

# Parameters of glibc's mallopt, and sizes that no tensor reaches.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_NEVER = 1 << 30


def keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, where the C library can be asked to.

    A training frees and asks for the same blocks in each step. glibc would give those of more than
    some megabytes back to the system and have them anew, filled with zeros page by page.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library
        return
    mallopt(_TRIM_THRESHOLD, _NEVER)
    mallopt(_MMAP_THRESHOLD, _NEVER)

"""Freed memory: what one request needed is not kept for the next that needs as much."""

import ctypes

# Parameters of glibc's mallopt: pools of memory, of which it makes eight for each core otherwise;
# and from what size on a piece is the system's again once it is freed, which glibc raises to 32 MiB
# as soon as pieces of that size come and go, as the bodies of requests do.
_ARENA_MAX, _POOLS = -8, 2
_MMAP_THRESHOLD, _LARGE = -3, 1 << 20
_NO_SUCH_LIBRARY = (AttributeError, OSError, TypeError)


def share_freed_memory() -> None:
    """Have the threads of this process share what they free, where the C library can be asked to.

    To be called before there are threads.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_ARENA_MAX, _POOLS)
        mallopt(_MMAP_THRESHOLD, _LARGE)
    except _NO_SUCH_LIBRARY:
        return


def give_freed_memory_back() -> None:
    """Give the system what is free, where the C library can be asked to: for after large work."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except _NO_SUCH_LIBRARY:
        return

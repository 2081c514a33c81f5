"""give_freed_memory_back: what one request needed is not kept by each thread that served one."""

import ctypes

# A parameter of glibc's mallopt: pools of memory, of which it makes eight for each core otherwise.
_ARENA_MAX, _POOLS = -8, 2


def give_freed_memory_back() -> None:
    """Have the threads of this process share what they free, where the C library can be asked to.

    To be called before there are threads.
    """
    try:
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _POOLS)
    except (AttributeError, OSError, TypeError):  # another C library
        return

"""give_freed_memory_back: what one request needed is not kept for the next that needs as much."""

from chiasm.utils.malloc import ARENA_MAX, MMAP_THRESHOLD, set_malloc

# Pools of memory, of which glibc makes eight for each core otherwise; and from what size on a piece
# is the system's again once it is freed, which glibc raises to 32 MiB as soon as pieces of that
# size come and go, as the bodies of requests do.
_POOLS, _LARGE = 2, 1 << 20


def give_freed_memory_back() -> None:
    """Have the threads of this process share what they free, and the system have what is large.

    To be called before there are threads.
    """
    set_malloc({ARENA_MAX: _POOLS, MMAP_THRESHOLD: _LARGE})

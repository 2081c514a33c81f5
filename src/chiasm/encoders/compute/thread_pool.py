"""thread_pool: threads that each compute on one core."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch


@contextmanager
def thread_pool() -> Iterator[tuple[ThreadPoolExecutor, int]]:
    """As many threads as torch takes for a computation, in each of which it takes one; how many."""
    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool, threads
    finally:
        # What one thread sets is taken over by those that are started after it.
        torch.set_num_threads(threads)

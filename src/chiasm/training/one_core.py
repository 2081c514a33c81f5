"""Training a head on one processor core."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_core() -> Iterator[None]:
    """Let torch compute in one thread.

    The tensors of a head are small: more threads gain little, wait for each other for minutes as
    soon as the machine has other work, and their number would change the last digits of a result.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)

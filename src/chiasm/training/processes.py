"""How many trainings run side by side, and what to say when one of them dies."""

from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

import torch

from chiasm.cores import count_cores
from chiasm.errors import ChiasmError

# Each training process holds torch and the encoders: about 700 MB.
_MOST = 8


def processes() -> int:
    """One for each processor core, up to eight; one alone where they would share a GPU."""
    if torch.cuda.is_available():
        return 1
    return min(count_cores(), _MOST)


@contextmanager
def side_by_side() -> Iterator[None]:
    """Run trainings in processes of their own.

    Raises:
        ChiasmError: one of them was killed.
    """
    try:
        yield
    except BrokenProcessPool as error:
        raise ChiasmError(
            "A training process was killed from outside, most likely by the system for want of "
            "memory. Close other programs, then run the command again: what was encoded is kept."
        ) from error

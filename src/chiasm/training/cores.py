"""How many processor cores a training takes."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch

from chiasm.cores import count_cores
from chiasm.model.classifier import FusionClassifier

# The tensors of a head are small: where nothing else runs, two cores train it half as fast again
# as one. More were not measured, and the number of threads changes the last digits of a result.
_FOR_A_HEAD = 2


def cores_for(model: FusionClassifier) -> AbstractContextManager[None]:
    """Two cores for a head on frozen encoders, all of them where an encoder is trained too."""
    return at_most(count_cores() if model.trains_encoders else _FOR_A_HEAD)


@contextmanager
def at_most(cores: int) -> Iterator[None]:
    """Let torch compute in this many threads, or fewer where it has fewer."""
    threads = torch.get_num_threads()
    torch.set_num_threads(min(threads, cores))
    try:
        yield
    finally:
        torch.set_num_threads(threads)

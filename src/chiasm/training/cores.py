"""How many processor cores a training takes."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from chiasm.model.classifier import FusionClassifier


def cores_for(model: FusionClassifier) -> AbstractContextManager[None]:
    """One core for a head on frozen encoders, all of them where an encoder is trained too."""
    return nullcontext() if model.trains_encoders else one_core()


@contextmanager
def one_core() -> Iterator[None]:
    """Let torch compute in one thread.

    The tensors of a head are small: a second thread gains half as much again where nothing else
    runs, but threads wait for each other for minutes as soon as the machine has other work, and
    their number would change the last digits of a result.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)

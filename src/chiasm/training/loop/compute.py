"""What trainings share: cores, worker processes, torchrun, activations."""

from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial

import torch
from accelerate import PartialState
from torch import nn
from torch.utils.checkpoint import checkpoint

from chiasm.encoders.trainable.layers import TrainableLayers
from chiasm.errors import ChiasmError
from chiasm.model.classifier import FusionClassifier
from chiasm.utils.cores import count_cores

# The tensors of a head are small: where nothing else runs, two cores train it half as fast again
# as one. More were not measured, and the number of threads changes the last digits of a result.
_FOR_A_HEAD = 2
# Each training process holds torch and the encoders: about 700 MB.
_MOST = 8
# The others wait while the first one encodes; torchrun ends all of them if that one fails.
_PATIENCE = timedelta(days=7)


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


def processes() -> int:
    """One for each processor core, up to eight; one alone where they would share a GPU."""
    if torch.cuda.is_available():
        return 1
    return min(count_cores(), _MOST)


@contextmanager
def worker_pool() -> Iterator[None]:
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


def distributed_state() -> PartialState:
    """Which of the processes this one is, and how they wait for each other.

    Alone it is the main one and waits for nobody.
    """
    return PartialState(cpu=not torch.cuda.is_available(), timeout=_PATIENCE)


@contextmanager
def checkpoint_activations(model: nn.Module) -> Iterator[None]:
    """Of each tuned block keep only the input for the backward pass, which computes the rest again.

    Batch norms that gather statistics would count each batch twice: such encoders stay as they are.
    Chen et al., "Training Deep Nets with Sublinear Memory Cost" (2016), section 3.
    """
    trained = [m for m in model.modules() if isinstance(m, TrainableLayers) and m.keeps_statistics]
    blocks = [block for layers in trained for block in layers.blocks()]
    for block in blocks:
        block.forward = partial(checkpoint, block.forward, use_reentrant=False)
    try:
        yield
    finally:
        for block in blocks:
            del block.forward

"""ranks: the processes that torchrun started for one training."""

from datetime import timedelta

import torch
from accelerate import PartialState

# The others wait while the first one encodes; torchrun ends all of them if that one fails.
_PATIENCE = timedelta(days=7)


def ranks() -> PartialState:
    """Which of the processes this one is, and how they wait for each other.

    Alone it is the main one and waits for nobody.
    """
    return PartialState(cpu=not torch.cuda.is_available(), timeout=_PATIENCE)

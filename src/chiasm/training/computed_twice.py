"""computed_twice: tuned encoders that take less memory to train."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from torch import nn
from torch.utils.checkpoint import checkpoint

from chiasm.encoders.tuned_top import TunedTop


@contextmanager
def computed_twice(model: nn.Module) -> Iterator[None]:
    """Of each tuned block keep only the input for the backward pass, which computes the rest again.

    Batch norms that gather statistics would count each batch twice: such encoders stay as they are.
    Chen et al., "Training Deep Nets with Sublinear Memory Cost" (2016), section 3.
    """
    tops = [m for m in model.modules() if isinstance(m, TunedTop) and m.keeps_statistics]
    blocks = [block for top in tops for block in top.blocks()]
    for block in blocks:
        block.forward = partial(checkpoint, block.forward, use_reentrant=False)
    try:
        yield
    finally:
        for block in blocks:
            del block.forward

"""ExportSpec: an encoder's frozen layers without its class, to be run elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from chiasm.inference.preprocessing.base import Preprocessing


@dataclass(frozen=True)
class ExportSpec:
    """How the frozen layers' tokens come about.

    Attributes:
        preprocessing: from a raw value to ``values`` without the batch axis.
        network: the parts with weights.
        tokens: ``values`` ``[b, ...]``, and for sequences their mask bool ``[b, l]``, to the
            frozen layers' tokens ``[b, l, d]``.
        example: ``values`` of two rows.
        lengths: the axes of ``values`` that differ from batch to batch, besides the first.
        is_sequence: whether rows are padded and have a mask.
        is_cached: whether the model sees the tokens as the cache holds them, in half precision.
    """

    preprocessing: Preprocessing
    network: nn.Module
    tokens: Callable[..., Tensor]
    example: Tensor
    lengths: Sequence[int] = ()
    is_sequence: bool = False
    is_cached: bool = True

"""check_vectors: whether a model can compute with precomputed features."""

import numpy as np

from chiasm.data.table import Vectors
from chiasm.errors import UnreadableExample

# The squares of larger numbers, summed over the tokens of a batch, leave float32.
_LARGEST = 1e15


def check_vectors(vectors: Vectors) -> None:
    """Make sure that all numbers are there, and small enough for means and variances.

    Raises:
        UnreadableExample: some are NaN, infinite or beyond 1e15 on either side of 0.
    """
    with np.errstate(over="ignore"):
        # As the model will see them: a large float64 is infinite there.
        seen = vectors.astype(np.float32, copy=False)
    if not np.isfinite(seen).all():
        raise UnreadableExample("NaN or infinite features")
    if np.abs(seen).max(initial=0) > _LARGEST:
        raise UnreadableExample(f"features beyond ±{_LARGEST:g} (scale them down)")

"""near_images: find images of nearly the same perceptual hash, without comparing all pairs."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from chiasm.data.duplicates.components import join
from chiasm.utils.arrays import Indices

NEAR = 4  # bits of 64
_BITS = 64
# Two hashes that differ in at most 4 bits agree wholly in at least 2 of 6 bands (pigeonhole), so
# it is enough to compare those that share two bands: about 21 bits, which random hashes rarely do.
_BANDS = 6


def near_images(hashes: Sequence[int]) -> Indices:
    """Components of hashes linked by a Hamming distance of at most 4: the number of each one's."""
    distinct, positions = np.unique(np.array(hashes, dtype=np.uint64), return_inverse=True)
    component = np.arange(len(distinct))
    for key in _keys(distinct):
        order = np.argsort(distinct & key, kind="stable")
        shared, sorted_hashes = (distinct & key)[order], distinct[order]
        # Compare with the next, the next but one ... while the bands are still shared, and until
        # all is one component.
        left, step = np.arange(len(order)), 1
        while component.any():
            left = left[left + step < len(order)]
            left = left[shared[left] == shared[left + step]]
            if not len(left):
                break
            right = left + step
            near = np.bitwise_count(sorted_hashes[left] ^ sorted_hashes[right]) <= NEAR
            pairs = order[left[near]], order[right[near]]
            # Only links that tell something new, so that a crowd of alike images stays cheap.
            new = component[pairs[0]] != component[pairs[1]]
            if new.any():
                component = join(component, pairs[0][new], pairs[1][new])
            step += 1
    return component[positions]


def _keys(hashes: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> list[np.uint64]:
    """Masks of every two bands.

    The bits are dealt to the bands by how much they tell: those of symmetric or plain images
    hardly vary, and a band of such bits alone would put all images into one bucket.
    """
    bits = [np.uint64(1) << np.uint64(position) for position in range(_BITS)]
    bits.sort(key=lambda bit: abs(np.count_nonzero(hashes & bit) * 2 - len(hashes)))
    bands = [np.bitwise_or.reduce(bits[band::_BANDS]) for band in range(_BANDS)]
    return [np.bitwise_or.reduce(kept) for kept in combinations(bands, _BANDS - NEAR)]

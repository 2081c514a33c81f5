"""Components: rows tied together directly or through others."""

from collections.abc import Hashable, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from chiasm.utils.arrays import Indices


def join(component: Indices, left: Indices, right: Indices) -> Indices:
    """Merge the components of ``left[k]`` and ``right[k]`` for every k; numbers start anew at 0."""
    size = int(component.max(initial=-1)) + 1
    ones = np.ones(len(left), dtype=bool)
    links = coo_array((ones, (component[left], component[right])), shape=(size, size))
    merged = connected_components(links, directed=False)[1].astype(np.int64)
    joined: Indices = merged[component]
    return joined


def tie_equal(component: Indices, keys: Sequence[Hashable | None]) -> Indices:
    """Merge the components of rows with an equal key; None ties nothing."""
    first: dict[Hashable, int] = {}
    pairs = [(first.setdefault(key, row), row) for row, key in enumerate(keys) if key is not None]
    left, right = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return join(component, left, right)

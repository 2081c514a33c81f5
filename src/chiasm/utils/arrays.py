"""Types of arrays."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.float64]
# Of rows in a table, or of classes among the labels.
Indices: TypeAlias = NDArray[np.int64]

"""share_rows: which rows go through a network together, and on which core."""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from typing import TypeVar

from chiasm.utils.cores import count_serving_cores

Row = TypeVar("Row")


def share_rows(rows: Sequence[Row], *, most: int) -> list[Sequence[Row]]:
    """Neighbouring rows in parts of at most ``most``, as many parts for each core.

    They are of about one size, so that no core is left to wait for the last one; few rows are one
    part each.
    """
    cores = count_serving_cores()
    parts = min(len(rows), cores * ceil(len(rows) / (most * cores)))
    ends = [len(rows) * part // parts for part in range(parts + 1)] if parts else []
    return [rows[start:stop] for start, stop in pairwise(ends)]

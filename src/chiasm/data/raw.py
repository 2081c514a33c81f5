"""RawRows: what every reader hands on, before anything is verified."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chiasm.errors import DataError


@dataclass(frozen=True)
class RawRows:
    """Values as they stand in the source, column by column.

    In a label, None says "unlabelled on purpose" and NaN "nothing there". ``folder`` is where
    relative paths start and what they must not leave; None for data that has no folder,
    whose paths are the caller's own. ``broken`` holds rows that could not be taken apart at all:
    position -> reason.
    """

    source: str
    columns: dict[str, list[Any]]
    folder: Path | None = None
    encoding: str | None = None
    broken: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return max(map(len, self.columns.values()), default=0)


def name_columns(names: Sequence[str], columns: Sequence[list[Any]]) -> dict[str, list[Any]]:
    """Columns by name; those without a name are left out. No ``columns``: there are no rows.

    Raises:
        DataError: two columns have one name.
    """
    twice = [name for name in names if name and names.count(name) > 1]
    if twice:
        raise DataError(f"Several columns are named {twice[0]!r}. Rename all but one of them.")
    filled = columns or [[] for _ in names]
    return {name: column for name, column in zip(names, filled, strict=True) if name}


def is_nothing(cell: Any) -> bool:
    """Whether a cell is empty: None or NaN."""
    return cell is None or (isinstance(cell, float) and math.isnan(cell))

"""RawRows: what every reader hands on, before anything is verified."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from chiasm.errors import DataError
from chiasm.utils.encodings import Detected


@dataclass(frozen=True)
class RawRows:
    """Values as they stand in the source, column by column.

    In a label, None says "unlabelled on purpose" and NaN "nothing there"; a cell that could not be
    taken apart is an ``UnreadableExample``. ``folders`` are where relative paths start and what
    they must not leave; none for data whose paths are the caller's own. ``broken`` holds rows that
    could not be taken apart at all: position -> reason. ``doubtful`` rows are to be looked
    at: position -> why. ``files`` were read to get here.
    """

    source: str
    columns: Mapping[str, Sequence[Any]]
    folders: tuple[Path, ...] = ()
    encoding: Detected | None = None
    broken: dict[int, str] = field(default_factory=dict)
    doubtful: dict[int, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return max(map(len, self.columns.values()), default=0)


class LazyColumn(Sequence[Any]):
    """Cells that are made once the first is asked for: what nobody uses costs and fails nothing."""

    def __init__(self, size: int, make: Callable[[], Sequence[Any]]) -> None:
        self._size = size
        self._make = make

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, row: Any) -> Any:
        return self._cells[row]

    @cached_property
    def _cells(self) -> Sequence[Any]:
        return self._make()


def name_columns(
    names: Sequence[str], columns: Sequence[Sequence[Any]]
) -> dict[str, Sequence[Any]]:
    """Columns by name; those without a name are left out. No ``columns``: there are no rows.

    A name that several columns have is refused once it is used.
    """
    times = Counter(names)
    filled = columns or [[] for _ in names]
    return {
        name: column if times[name] == 1 else LazyColumn(len(column), partial(_refuse, name))
        for name, column in zip(names, filled, strict=True)
        if name
    }


def _refuse(name: str) -> Sequence[Any]:
    raise DataError(f"Several columns are named {name!r}. Rename all but one of them.")


def folders_of(path: Path) -> tuple[Path, ...]:
    """Where the files may lie that a file names: beside it, also where it is only a link to one."""
    return (path.parent, path.resolve().parent) if path.is_symlink() else (path.parent,)

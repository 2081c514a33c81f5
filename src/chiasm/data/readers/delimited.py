"""Delimited text: rows and cells, with what a stray quote or another separator would hide."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chiasm.data.readers.raw import name_columns
from chiasm.errors import DataError
from chiasm.utils.encodings import is_undecodable

_WIDEST_FIELD = 2**31 - 1  # what a C long holds everywhere
_END = "\x1a end of the data \x1a"
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars (|)"}
# Of a column of labels or splits, each value is that of many rows.
_FEW = 0.2
_TELLING = 2
_NUMBER = re.compile(r"\d+")
_NAMED = 3


@dataclass(frozen=True)
class Delimited:
    """What a text of rows holds.

    Attributes:
        columns: the cells by the name of their column.
        broken: rows that have more or fewer cells than the header: position -> reason.
        doubtful: rows of which a cell may be several: position -> what to look at.
    """

    columns: dict[str, Sequence[Any]]
    broken: dict[int, str]
    doubtful: dict[int, str]


def read_delimited(path: Path, text: str, delimiter: str = ",") -> Delimited:
    """The columns of a text of rows.

    Between tabs, quotes are letters like others where they do not enclose cells.

    Raises:
        DataError: an undecodable header, a quote that is never closed or takes rows into its cell,
            or cells separated by something else.
    """
    # Python 3.10 refuses a CSV with NUL, so its visible symbol stands for it.
    text = text.rstrip("\r\n").replace("\0", "␀")
    try:
        rows, doubts = _whole_rows(path, text, delimiter)
    except DataError:
        if delimiter != "\t":
            raise
        rows, doubts = list(_parse(text, delimiter, quoting=csv.QUOTE_NONE)), {}
    header, body = rows[0].cells, [row for row in rows[1:] if row.cells]
    if is_undecodable("".join(header)):
        raise DataError(f"{path}: the column names cannot be decoded. Give its `encoding`.")
    _check_separator(path, header, delimiter)
    reason = f"not {len(header)} cells, as the header has"
    broken = {i: reason for i, row in enumerate(body) if len(row.cells) != len(header)}
    empty = [""] * len(header)
    cells = [empty if i in broken else row.cells for i, row in enumerate(body)]
    columns = name_columns(header, [list(column) for column in zip(*cells, strict=True)])
    doubtful = {i: doubts[row.first] for i, row in enumerate(body) if row.first in doubts}
    return Delimited(columns, broken, doubtful)


@dataclass(frozen=True)
class _Row:
    """The cells of a row, and its first and last line, counted from 1."""

    cells: list[str]
    first: int
    last: int


def _parse(text: str, delimiter: str, **dialect: Any) -> Iterator[_Row]:
    previous = csv.field_size_limit(_WIDEST_FIELD)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, **dialect)
        first = 1
        for cells in reader:
            yield _Row(cells, first, reader.line_num)
            first = reader.line_num + 1
    finally:
        csv.field_size_limit(previous)


def _whole_rows(path: Path, text: str, delimiter: str) -> tuple[list[_Row], dict[int, str]]:
    """The rows, once no quote hides others, and doubts about some, by their first line.

    Raises:
        DataError: a quote is never closed, or takes rows into its cell.
    """
    *rows, end = _parse(f"{text}\n{_END}", delimiter)
    if end.cells != [_END]:
        raise DataError(
            f"{path}: a quote is opened in the row of line {end.first} and never closed. Write a "
            'quote inside a quoted cell twice ("").'
        )
    long = [row for row in rows if row.last > row.first]
    if not long:
        return rows, {}
    known = _repeated_values([row.cells for row in rows[1:]])
    width = len(rows[0].cells)
    swallowing = _swallowing(text, long, width, known, delimiter)
    if swallowing:
        named = ", ".join(f"{row.first} to {row.last}" for row in swallowing[:_NAMED])
        more = f" and {len(swallowing) - _NAMED:,} more" if len(swallowing) > _NAMED else ""
        raise DataError(
            f"{path}: a quote takes lines that look like rows of their own into one cell: lines "
            f"{named}{more}. Put cells that hold a quote into quotes, and write that quote twice "
            '("").'
        )
    # By the values that columns repeat, the lines were judged.
    return rows, {} if known else _doubts(rows[1:], long, width, delimiter)


def _swallowing(
    text: str, long: Sequence[_Row], width: int, known: dict[int, set[str]], delimiter: str
) -> list[_Row]:
    """Rows of several lines of which some are rows, to judge by their cells."""
    lines = list(io.StringIO(text, newline=""))

    def swallows(row: _Row) -> bool:
        broken = _has_stray_quote("".join(lines[row.first - 1 : row.last]), delimiter)
        inside = (_inside(cell, position, delimiter) for position, cell in enumerate(row.cells))
        return any(_hides_rows(parts, width, known, broken=broken) for parts in inside if parts)

    return [row for row in long if swallows(row)]


@dataclass(frozen=True)
class _Part:
    """What a line within a cell would be in a row of its own: its cells, from which place on."""

    cells: list[str]
    begin: int
    is_last: bool

    def fits(self, width: int, position: int) -> bool:
        return self.begin + len(self.cells) == (position + 1 if self.is_last else width)


def _inside(cell: str, position: int, delimiter: str) -> list[_Part]:
    """The lines of a cell of several lines; its first one goes on where the row has come to."""
    lines = cell.splitlines()
    return [
        _Part(line.split(delimiter), 0 if at else position, is_last=at == len(lines) - 1)
        for at, line in enumerate(lines)
        if len(lines) > 1
    ]


def _hides_rows(
    parts: Sequence[_Part], width: int, known: dict[int, set[str]], *, broken: bool
) -> bool:
    """Whether lines of a cell are rows: they hold a value of a column that has few, in its place.

    The cells around this one prove nothing: they are those of its own row.
    """
    position = parts[0].begin
    if (broken or (not known and len(parts) > _TELLING)) and all(
        part.fits(width, position) for part in parts
    ):
        return True
    return any(
        part.fits(width, position)
        and any(
            value.strip('"') in known.get(at, ())
            for at, value in enumerate(part.cells, start=part.begin)
            if at != position
        )
        for part in parts
    )


def _doubts(
    rows: Sequence[_Row], long: Sequence[_Row], width: int, delimiter: str
) -> dict[int, str]:
    """Long rows with a cell whose lines may be rows, but need not: nothing in them tells."""
    known = _repeated_values([[_shape(cell) for cell in row.cells] for row in rows if row.cells])
    return {
        row.first: f"a quote takes lines {row.first} to {row.last} into one cell: one row, or "
        "several?"
        for row in long
        if any(
            _look_like_rows(_inside(cell, position, delimiter), width, known)
            for position, cell in enumerate(row.cells)
        )
    }


def _look_like_rows(parts: Sequence[_Part], width: int, known: dict[int, set[str]]) -> bool:
    """Whether lines of a cell could be rows: as many cells, of the same shape, in their place."""
    filled = [part for part in parts if part.cells != [""]]
    return len(filled) > 1 and all(
        part.fits(width, parts[0].begin)
        and all(
            _shape(value.strip('"')) in known[at]
            for at, value in enumerate(part.cells, start=part.begin)
            if at in known and at != parts[0].begin
        )
        for part in filled
    )


def _shape(cell: str) -> str:
    """A cell whatever its numbers: of ids, dates and file names there are few."""
    return _NUMBER.sub("0", cell)


def _has_stray_quote(row: str, delimiter: str) -> bool:
    """Whether a quoted cell goes on behind its closing quote."""
    try:
        list(_parse(row, delimiter, strict=True))
    except csv.Error:
        return True
    return False


def _repeated_values(rows: Sequence[Sequence[str]]) -> dict[int, set[str]]:
    """The values of the columns that have few, such as labels, by the place of the column."""
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    columns = zip(*(row for row in rows if len(row) == width), strict=True)
    found = {position: Counter(column) for position, column in enumerate(columns)}
    repeated = {
        position: {value for value, times in counts.items() if value and times > 1}
        for position, counts in found.items()
        if len(counts) <= max(2, _FEW * len(rows))
    }
    return {position: values for position, values in repeated.items() if values}


def _check_separator(path: Path, header: Sequence[str], delimiter: str) -> None:
    """Make sure that the names of the columns are not one cell for another separator.

    Raises:
        DataError: they are.
    """
    if len(header) > 1:
        return
    found = max(_SEPARATORS, key=header[0].count)
    if header[0].count(found):
        instead = " or rename it to .tsv" if found == "\t" else ""
        raise DataError(
            f"{path}: the cells are separated by {_SEPARATORS[found]}, and not by "
            f"{_SEPARATORS[delimiter]} as the name says. Save it with {_SEPARATORS[delimiter]}"
            f"{instead}."
        )

"""Arrow: the columns of Parquet files, of ``datasets``, and of frames that hand out Arrow data."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from chiasm.data.readers.raw import LazyColumn, RawRows, folders_of, name_columns
from chiasm.errors import DataError, UnreadableExample

# What Arrow raises on data that is not what it claims to be, or that Python has no value for.
_UNREADABLE = (pa.ArrowException, OSError, ValueError, OverflowError, LookupError)


def read_arrow(source: Any) -> RawRows:
    """Take the columns of a table that is in memory: of polars, pyarrow, or another library.

    Raises:
        DataError: it is no table, or of types that Arrow does not have.
    """
    kind = type(source).__name__
    try:
        table = pa.table(source)
    except _UNREADABLE as error:
        raise DataError(
            f"The columns of this {kind} cannot be had as Arrow data: {error}. Give a table of "
            "columns of common types."
        ) from error
    return RawRows(kind, arrow_columns(table.schema, len(table), table.column))


def read_parquet(path: Path, data: bytes) -> RawRows:
    """Take the columns of a Parquet file, of which only those that are used are decoded.

    Raises:
        DataError: it is not one.
    """

    def column(position: int) -> pa.ChunkedArray:
        name = file.schema_arrow.names[position]
        try:
            return file.read(columns=[name]).column(name)
        except _UNREADABLE as error:
            raise DataError(f"{path}: the column {name!r} cannot be read: {error}") from error

    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        columns = arrow_columns(file.schema_arrow, file.metadata.num_rows, column)
    except _UNREADABLE as error:
        raise DataError(f"{path} is not a readable Parquet file: {error}") from error
    return RawRows(str(path), columns, folders=folders_of(path), files=(path,))


def arrow_columns(
    schema: pa.Schema, size: int, column: Callable[[int], pa.ChunkedArray]
) -> dict[str, Sequence[Any]]:
    """Columns as Python values, once they are asked for; class numbers of ``datasets`` by name.

    Args:
        schema: names and types, and what ``datasets`` notes beside them.
        size: the number of rows.
        column: gives the column at a position.
    """
    classes = _class_names(schema)
    columns = [
        LazyColumn(size, partial(_cells, column, position, classes.get(name)))
        for position, name in enumerate(schema.names)
    ]
    return name_columns(schema.names, columns)


def _class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """The names of the classes by column, where ``datasets`` noted some."""
    try:
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        return {
            name: list(feature["names"])
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (AttributeError, LookupError, TypeError, ValueError):
        return {}


def _cells(
    column: Callable[[int], pa.ChunkedArray], position: int, classes: Sequence[str] | None
) -> list[Any]:
    stored = column(position)
    try:
        cells = stored.to_pylist()
    except _UNREADABLE:
        # One cell that Python has no value for must not cost the others.
        cells = [_cell(scalar) for scalar in stored]
    return cells if classes is None else [_class_name(cell, classes) for cell in cells]


def _cell(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return UnreadableExample("undecodable text")
    except _UNREADABLE:
        return UnreadableExample(f"unreadable {scalar.type}")


def _class_name(number: Any, classes: Sequence[str]) -> Any:
    if number == -1:  # how that library says "unlabelled"
        return None
    if not isinstance(number, int):
        return number
    if not 0 <= number < len(classes):
        return UnreadableExample(f"no class has the number {number}")
    return classes[number]

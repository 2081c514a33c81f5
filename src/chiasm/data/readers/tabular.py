"""Tabular files: CSV, TSV, JSONL and Parquet."""

import json
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from chiasm.data.readers.arrow import read_parquet
from chiasm.data.readers.delimited import read_delimited
from chiasm.data.readers.file_kinds import refuse_foreign, refuse_kinds
from chiasm.data.readers.raw import LazyColumn, RawRows, folders_of
from chiasm.errors import DataError, UnreadableExample
from chiasm.utils.encodings import Detected, decode, detect_encoding, wide_encoding
from chiasm.utils.reading import read_regular

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
# It is held in memory whole, a few times over.
_MOST_OF_A_TABLE = 4_000_000_000
TABULAR = (*_DELIMITERS, ".jsonl", ".parquet")


def read_tabular(path: Path, *, encoding: str | None) -> RawRows:
    """Read one file of rows, its kind told by the ending of its name.

    Raises:
        DataError: empty, not of its kind, or without a usable first line.
    """
    data = read_table(path)
    if not data.strip():
        raise DataError(f"{path} is empty.")
    kind = path.suffix.lower()
    if kind == ".parquet":
        if not data.startswith(b"PAR1"):
            refuse_kinds(str(path), data)
        return read_parquet(path, data)
    refuse_foreign(str(path), data)
    text, detected = _decode_file(path, data, encoding)
    read = partial(RawRows, str(path), folders=folders_of(path), encoding=detected, files=(path,))
    if kind == ".jsonl":
        columns, broken = _read_json_lines(path, text)
        return read(columns, broken=broken)
    found = read_delimited(path, text, _DELIMITERS[kind])
    return read(found.columns, broken=found.broken, doubtful=found.doubtful)


def read_table(path: Path) -> bytes:
    """The content of a file that lists rows.

    Raises:
        DataError: it is no regular file, or too large.
    """
    try:
        return read_regular(path, most=_MOST_OF_A_TABLE)
    except UnreadableExample as error:
        raise DataError(
            f"{path} cannot be read: {error.reason}. Give a regular file, large ones in parts, "
            "with images and audio as files beside them."
        ) from error


def _decode_file(path: Path, data: bytes, forced: str | None) -> tuple[str, Detected]:
    wide = wide_encoding(data)
    given = forced or wide
    # Line by line, so that one broken line does not decide for all.
    found = Detected(given) if given else detect_encoding(data.splitlines())
    try:
        return decode(data, found.name), found
    except UnicodeError as error:
        raise DataError(
            f"{path} cannot be decoded as {found.name}: {error}. Give the right `encoding`, or "
            "convert the file to UTF-8."
        ) from error


def _read_json_lines(path: Path, text: str) -> tuple[dict[str, Sequence[Any]], dict[int, str]]:
    rows: list[dict[str, Any]] = []
    broken: dict[int, str] = {}
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            broken[len(rows)] = "not a JSON object"
            row = {}
        rows.append(row)
    if len(broken) == len(rows):
        raise DataError(f"{path}: no line is a JSON object such as {{'text': ..., 'label': ...}}.")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: LazyColumn(len(rows), partial(_values, rows, name)) for name in names}, broken


def _values(rows: Sequence[dict[str, Any]], name: str) -> list[Any]:
    return [row.get(name, math.nan) for row in rows]

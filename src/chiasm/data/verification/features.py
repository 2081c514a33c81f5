"""read_features: the precomputed features of every row, from a file or a column."""

import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from chiasm.data.labels import is_nothing
from chiasm.data.media.facts import Vectors
from chiasm.data.media.locations import locate_file
from chiasm.data.media.vectors import check_vectors, open_array
from chiasm.data.readers.columns import Columns
from chiasm.data.readers.raw import RawRows
from chiasm.data.verification.findings import Findings
from chiasm.errors import DataError, UnreadableExample

_FILE = re.compile(r"(.+\.np[yz])(?::(.+))?", re.IGNORECASE)
# What comparisons list beside the modalities: a modality alone is called by its name.
_MODELS = ("majority", "concat", "late", "gated", "cross_attention", "feature_gate")
_OWN_WORDS = (*(field.name for field in fields(Columns)), *_MODELS)
_Locate: TypeAlias = Callable[[str], Path]
_ReadRow: TypeAlias = Callable[[int], Vectors]


def read_features(
    name: str,
    origin: str,
    raw: RawRows,
    rows: Sequence[int],
    findings: Findings,
    *,
    allow_outside: bool,
) -> tuple[list[Vectors | None], int, list[Path]]:
    """The features ``[l, d]`` of each row, None where missing, d, and the files they come from.

    Args:
        name: of the modality.
        origin: a ``.npy`` file, or an array of a ``.npz`` file (``file.npz:key``, or its only
            one): ``[n, d]`` or ``[n, l, d]``, row for row with the data. Or a column of lists of
            numbers, of lists of such lists, or of paths of ``.npy`` files with either.
        raw: the data.
        rows: positions of the rows to read.
        findings: where rows whose features are missing or of no use are noted.
        allow_outside: whether files may lie outside of the data's folder.

    Raises:
        DataError: a name that no modality can have, anything but numbers, another number of rows
            than the data has, vectors of different lengths, or no vector at all.
    """
    if not name.isidentifier() or name in _OWN_WORDS:
        raise DataError(
            f"Features cannot be named {name!r}. A name is of letters, digits and _, and none of "
            f"{', '.join(_OWN_WORDS)}."
        )
    files: list[Path] = []

    def locate(path: str) -> Path:
        files.append(locate_file(path, folders=raw.folders, allow_outside=allow_outside))
        return files[-1]

    file = _FILE.fullmatch(origin)
    if file:
        read = _open_file(name, file[1], file[2], raw, locate)
    else:
        read = _find_column(name, origin, raw, locate)
    found: list[Vectors | None] = [None] * len(raw)
    for row in rows:
        vectors = _read_row(read, row)
        if isinstance(vectors, UnreadableExample):
            findings.add(row, name, vectors.reason, "marked missing")
        else:
            found[row] = vectors
    if all(vectors is None for vectors in found):
        raise DataError(_all_missing(name, origin, findings))
    return found, _width(name, origin, found), files


def _open_file(name: str, path: str, key: str | None, raw: RawRows, locate: _Locate) -> _ReadRow:
    try:
        array = open_array(locate(path), key)
    except UnreadableExample as error:
        raise DataError(
            f"The features {name!r} cannot be read from {path}: {error.reason}. Give a .npy or "
            ".npz file of numbers; one outside of the data's folder needs `allow_outside`."
        ) from error
    if array.ndim not in (2, 3) or len(array) != len(raw):
        raise DataError(
            f"The features {name!r} of {path} have the shape {array.shape}, and {raw.source} has "
            f"{len(raw)} rows. The shape must be ({len(raw)}, d), or ({len(raw)}, l, d) for "
            "sequences, row for row with the data."
        )
    # Views, so that what lies on disk stays there.
    return (array if array.ndim == 3 else array[:, None]).__getitem__


def _find_column(name: str, column: str, raw: RawRows, locate: _Locate) -> _ReadRow:
    if column not in raw.columns:
        raise DataError(
            f"There is no column {column!r} for the features {name!r}. The columns are: "
            f"{', '.join(map(repr, raw.columns))}. Give one of them, or a .npy or .npz file."
        )

    def read(row: int) -> Vectors:
        cell = raw.columns[column][row]
        try:
            return _read_cell(cell, locate)
        except (TypeError, ValueError) as error:
            raise DataError(
                f"The features {name!r} of row {row + 1} are {str(cell)[:40]!r}. A cell of the "
                f"column {column!r} may be a list of numbers (one vector), a list of such lists, "
                "all of one length (a sequence), or the path of a .npy file with either."
            ) from error

    return read


def _read_cell(cell: Any, locate: _Locate) -> Vectors:
    """The numbers of one cell; TypeError or ValueError if it is of another kind."""
    if isinstance(cell, UnreadableExample):
        raise cell
    if is_nothing(cell) or (isinstance(cell, str) and not cell.strip()):
        raise UnreadableExample("missing features")
    if isinstance(cell, str | Path) and Path(cell).suffix.lower() == ".npy":
        array = open_array(locate(str(cell).strip()))
    else:
        # pandas gives a list of lists as an array of arrays.
        nested = isinstance(cell, np.ndarray) and cell.dtype.kind == "O"
        array = np.asarray(cell.tolist() if nested else cell)
        if array.dtype.kind == "O" and not any(isinstance(number, str) for number in array.flat):
            array = _as_floats(array)
    if array.dtype.kind not in "biuf" or array.ndim not in (1, 2):
        raise ValueError("not vectors of numbers")
    with np.errstate(over="ignore"):
        return np.atleast_2d(array).astype(np.float32)


def _as_floats(cells: Vectors) -> Vectors:
    try:
        return cells.astype(np.float64)  # None becomes NaN
    except OverflowError as error:  # a whole number of hundreds of digits
        raise UnreadableExample("NaN or infinite features") from error


def _read_row(read: _ReadRow, row: int) -> Vectors | UnreadableExample:
    try:
        vectors = read(row)
        if not vectors.size:
            raise UnreadableExample("missing features")
        check_vectors(vectors)
    except UnreadableExample as error:
        return error
    return vectors


def _all_missing(name: str, origin: str, findings: Findings) -> str:
    reasons = dict.fromkeys(reason for _, part, reason, _, _ in findings.found if part == name)
    why = f": {', '.join(reasons)}" if reasons else ""
    return (
        f"The features {name!r} are missing in every row of {origin}{why}. Correct it, or leave "
        "these features out."
    )


def _width(name: str, origin: str, found: Sequence[Vectors | None]) -> int:
    # For each width, the last row that has it.
    widths: dict[int, int] = {
        vectors.shape[1]: row for row, vectors in enumerate(found) if vectors is not None
    }
    (width, row), *others = widths.items()
    if others:
        raise DataError(
            f"The features {name!r} have {width} numbers a vector in row {row + 1} and "
            f"{others[0][0]} in row {others[0][1] + 1}. All vectors of {origin} must have the same "
            "length: make them with one extractor, or give them as two features."
        )
    return width

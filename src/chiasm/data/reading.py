"""read: the one way from a data source to a Table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from chiasm.data.readers.arrow import read_arrow
from chiasm.data.readers.columns import Columns
from chiasm.data.readers.folder import read_folder, read_list
from chiasm.data.readers.frames import is_dataset, read_dataset, read_frame
from chiasm.data.readers.raw import RawRows
from chiasm.data.readers.tabular import TABULAR, read_tabular
from chiasm.data.table import Table
from chiasm.data.verification.assembly import OnBad, assemble
from chiasm.errors import DataError
from chiasm.utils.encodings import known_encoding
from chiasm.utils.reading import check_there


def read(
    source: Any,
    *,
    columns: Columns | None = None,
    features: Mapping[str, str] | None = None,
    encoding: str | None = None,
    on_bad: OnBad = "keep",
    allow_outside: bool = False,
) -> Table:
    """Read a data set and verify every value of it; every image and audio is decoded once.

    Args:
        source: a CSV, TSV, JSONL or Parquet file; a folder in the lab's form (``train.txt``,
            ``data/GUID.txt``, ``data/GUID.jpg``) or one label file of it; a pandas DataFrame; a
            ``datasets.Dataset``; a table that hands out Arrow data, as polars and pyarrow do.
        columns: names of the columns, where they are not common ones.
        features: precomputed features, by the name that their modality is to have: a file or a
            column, as ``read_features`` takes it.
        encoding: of the texts; None: detected for the data set as a whole.
        on_bad: what an unreadable value does: "keep" marks it missing and keeps the row, "drop"
            drops the row, "fail" refuses the data.
        allow_outside: whether paths may leave the folder of the file.

    Raises:
        DataError: the data as a whole cannot be used.
    """
    if on_bad not in get_args(OnBad):
        raise DataError(f"`on_bad` is keep, drop or fail, not {on_bad!r}.")
    encoding = None if encoding is None else known_encoding(encoding)
    raw = _read_raw(source, encoding, allow_outside)
    if encoding is not None and raw.encoding is None:
        raise DataError(
            f"The texts of {raw.source} are Unicode already: no encoding can be chosen for them. "
            "Leave it out."
        )
    return assemble(
        raw,
        columns=columns or Columns(),
        features=features or {},
        on_bad=on_bad,
        allow_outside=allow_outside,
    )


def _read_raw(source: Any, encoding: str | None, allow_outside: bool) -> RawRows:
    if isinstance(source, pd.DataFrame):
        return read_frame(source)
    if is_dataset(source):
        return read_dataset(source)
    if hasattr(source, "__arrow_c_stream__"):
        return read_arrow(source)
    if not isinstance(source, str | Path):
        raise DataError(
            f"Data cannot be read from a {type(source).__name__}. Give a path, a DataFrame of "
            "pandas or polars, a pyarrow.Table, or a datasets.Dataset (of a DatasetDict one split, "
            "such as data['train'])."
        )
    path = Path(source)
    if path.is_dir():
        return read_folder(path, encoding=encoding, allow_outside=allow_outside)
    check_there(path)
    if path.suffix.lower() == ".txt":
        return read_list(path, encoding=encoding, allow_outside=allow_outside)
    if path.suffix.lower() not in TABULAR:
        raise DataError(
            f"{path} is of no known kind. Known are files that end in {', '.join(TABULAR)}, label "
            "files (.txt) with the header guid,tag, and folders that hold a train.txt."
        )
    return read_tabular(path, encoding=encoding)

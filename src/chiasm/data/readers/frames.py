"""Data that is in memory already: a pandas DataFrame or a ``datasets.Dataset``."""

import math
import sys
from functools import partial
from typing import Any

import pandas as pd

from chiasm.data.readers.arrow import arrow_columns
from chiasm.data.readers.raw import LazyColumn, RawRows, name_columns


def read_frame(frame: pd.DataFrame) -> RawRows:
    """Take the columns of a DataFrame; NaN, NA and None are all "nothing there"."""
    columns = [
        LazyColumn(len(frame), partial(_cells, frame, position))
        for position in range(frame.shape[1])
    ]
    return RawRows("DataFrame", name_columns([str(name) for name in frame.columns], columns))


def is_dataset(source: object) -> bool:
    """Whether it is a ``datasets.Dataset``; not, if nobody has imported that library."""
    library = sys.modules.get("datasets")
    return library is not None and isinstance(source, library.Dataset)


def read_dataset(dataset: Any) -> RawRows:
    """Take the columns of a ``datasets.Dataset``, images undecoded and class numbers by name."""
    stored = dataset.with_format("arrow")[:]
    schema = dataset.features.arrow_schema
    return RawRows(
        "Dataset",
        arrow_columns(schema, len(stored), lambda position: stored[schema.names[position]]),
    )


def _cells(frame: pd.DataFrame, position: int) -> list[Any]:
    column = frame.iloc[:, position].astype(object)
    return column.where(column.notna(), math.nan).tolist()

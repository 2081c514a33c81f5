"""Data that is in memory already: a pandas DataFrame or a ``datasets.Dataset``."""

import math
import sys
from typing import Any

import pandas as pd

from chiasm.data.raw import RawRows, name_columns


def read_frame(frame: pd.DataFrame) -> RawRows:
    """Take the columns of a DataFrame; NaN, NA and None are all "nothing there"."""
    columns = []
    for position in range(frame.shape[1]):
        column = frame.iloc[:, position].astype(object)
        columns.append(column.where(column.notna(), math.nan).tolist())
    return RawRows("DataFrame", name_columns([str(name) for name in frame.columns], columns))


def is_dataset(source: object) -> bool:
    """Whether it is a ``datasets.Dataset``; not, if nobody has imported that library."""
    library = sys.modules.get("datasets")
    return library is not None and isinstance(source, library.Dataset)


def read_dataset(dataset: Any) -> RawRows:
    """Take the columns of a ``datasets.Dataset``, pictures undecoded and class numbers by name."""
    stored = dataset.with_format("arrow")[:]
    columns: dict[str, list[Any]] = {}
    for name, feature in dataset.features.items():
        columns[name] = stored[name].to_pylist()
        if isinstance(feature, sys.modules["datasets"].ClassLabel):
            # -1 is that library's "unlabelled".
            columns[name] = [
                None if number in (None, -1) else feature.int2str(number)
                for number in columns[name]
            ]
    return RawRows("Dataset", columns)

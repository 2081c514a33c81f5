"""Parquet files, ``datasets`` and other Arrow data: the columns in use are read, however stored."""

import datetime
import decimal
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_inputs import encode, noise

from chiasm.data.readers.columns import Columns
from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.errors import DataError

TEXTS, LABELS = ["a", "b"], ["yes", "no"]
# By their names, columns that nobody asked for.
UNUSED = {
    "day": pa.array([datetime.date(2020, 1, 1), None]),
    "day that Python has not": pa.array([10**7, 1], pa.int32()).cast(pa.date32()),
    "time of no zone": pa.array([1, 2], pa.timestamp("us", tz="Mars/Phobos")),
    "duration": pa.array([2**62, 1], pa.duration("s")),
    "price": pa.array([decimal.Decimal("1.5"), None]),
    "list": pa.array([[1], None]),
    "struct": pa.array([{"a": 1}, None]),
    "no UTF-8": pa.Array.from_buffers(pa.string(), 2, pa.array([b"\xff\xfe", b"b"]).buffers()),
    "categories": pa.array(["u", "v"]).dictionary_encode(),
}


class Frame:
    """A table of a library that speaks Arrow."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def write(table: pa.Table, path: Path) -> Path:
    pq.write_table(table, path)
    return path


def classes_noted(names: list[str]) -> dict[bytes, bytes]:
    """The metadata by which ``datasets`` notes the names of classes."""
    label = {"names": names, "_type": "ClassLabel"}
    return {b"huggingface": json.dumps({"info": {"features": {"label": label}}}).encode()}


def described(table: Table) -> tuple[object, ...]:
    return table.values, table.labels, [(p.field, p.reason) for p in table.problems]


@pytest.mark.parametrize("name", UNUSED)
def test_a_column_that_nobody_uses_does_no_harm(name: str, tmp_path: Path) -> None:
    stored = pa.table({"text": TEXTS, "label": LABELS, name: UNUSED[name]})
    for source in (write(stored, tmp_path / "rows.parquet"), stored):
        table = read(source)
        assert described(table) == ({"text": ("a", "b")}, ("yes", "no"), [])


@pytest.mark.parametrize("kind", ["csv", "frame"])
def test_two_unused_columns_may_have_one_name(kind: str, tmp_path: Path) -> None:
    frame = pd.DataFrame([["a", "x", 1, 2], ["b", "y", 3, 4]], columns=["text", "label", "n", "n"])
    frame.to_csv(tmp_path / "rows.csv", index=False)
    source = frame if kind == "frame" else tmp_path / "rows.csv"
    assert read(source).labels == ("x", "y")
    with pytest.raises(DataError, match="Several columns are named 'n'"):
        read(source, columns=Columns(group="n"))


def test_a_frame_is_not_asked_for_cells_that_nobody_uses() -> None:
    days = pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([UNUSED["duration"]])))
    table = read(pd.DataFrame({"text": TEXTS, "label": LABELS, "duration": days}))
    assert table.labels == ("yes", "no")


def test_one_text_that_is_not_utf_8_costs_no_other(tmp_path: Path) -> None:
    stored = pa.table({"text": UNUSED["no UTF-8"], "label": LABELS})
    table = read(write(stored, tmp_path / "rows.parquet"))
    assert table.values["text"] == (None, "b")
    assert (table.problems[0].position, table.problems[0].reason) == (0, "undecodable text")


def test_a_used_column_that_is_damaged_is_named(tmp_path: Path) -> None:
    path = write(pa.table({"text": ["a" * 4000], "label": ["x"]}), tmp_path / "rows.parquet")
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)
    with pytest.raises(DataError, match="text"):
        read(path)


def test_class_numbers_in_parquet_are_read_by_the_names_noted_beside_them(tmp_path: Path) -> None:
    stored = pa.table({"text": list("abcdef"), "label": [0, 1, -1, None, 2, 0]})
    path = write(
        stored.replace_schema_metadata(classes_noted(["cat", "dog"])), tmp_path / "rows.parquet"
    )
    table = read(path)
    assert table.labels == ("cat", "dog", None, None, None, "cat")
    # Unlabelled on purpose is no problem; a number without a name is one.
    assert [(p.position, p.reason, p.action) for p in table.problems] == [
        (4, "unreadable label", "set aside")
    ]


@pytest.mark.parametrize(
    "noted", [{}, {b"huggingface": b"{"}, {b"huggingface": b'{"info": {"features": null}}'}]
)
def test_without_such_names_a_class_of_minus_one_is_a_class(
    noted: dict[bytes, bytes], tmp_path: Path
) -> None:
    stored = pa.table({"text": TEXTS, "label": [-1, 1]}).replace_schema_metadata(noted)
    assert read(write(stored, tmp_path / "rows.parquet")).classes == ("-1", "1")


def test_parquet_that_datasets_wrote_reads_as_the_dataset_does(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    images: list[Any] = [noise(0), {"bytes": encode(noise(1)), "path": "b.png"}, None]
    features = {
        "text": datasets.Value("string"),
        "label": datasets.ClassLabel(names=["cat", "dog"]),
        "image": datasets.Image(),
        "split": datasets.ClassLabel(names=["train", "test"]),
        "boxes": datasets.Array2D((2, 3), "float32"),
        "tags": datasets.Sequence(datasets.ClassLabel(names=["u"])),
    }
    data = datasets.Dataset.from_dict(
        {
            "text": ["a", "b", "c"],
            "label": [0, -1, 1],
            "image": images,
            "split": [0, 1, 0],
            "boxes": np.ones((3, 2, 3)),
            "tags": [[0], [], [0]],
        },
        features=datasets.Features(features),
    )
    path = tmp_path / "rows.parquet"
    data.to_parquet(path)
    table = read(path, features={"boxes": "boxes"})
    assert table.labels == ("cat", None, "dog")
    assert table.split == ("train", "test", "train")
    assert [p.reason for p in table.problems] == ["missing image"]
    assert table.fingerprint == read(data, features={"boxes": "boxes"}).fingerprint


def test_audio_is_read_from_parquet_in_the_form_of_datasets(tmp_path: Path) -> None:
    stored = pa.table({"audio": [{"bytes": wav(), "path": None}, None], "label": LABELS})
    table = read(write(stored, tmp_path / "rows.parquet"))
    assert [audio is None for audio in table.facts["audio"]] == [False, True]


def test_a_frame_that_hands_out_arrow_data_is_read_like_one_of_pandas() -> None:
    columns = {"text": ["a", None], "label": ["x", "y"], "image": [encode(noise()), None]}
    expected = read(pd.DataFrame(columns))
    for source in (pa.table(columns), Frame(pa.table(columns))):
        assert described(read(source)) == described(expected)


def test_arrow_data_that_is_no_table_is_refused_in_words() -> None:
    with pytest.raises(DataError, match="ChunkedArray"):
        read(pa.chunked_array([["a", "b"]]))


def wav() -> bytes:
    soundfile = pytest.importorskip("soundfile")
    file = io.BytesIO()
    soundfile.write(file, np.linspace(-0.5, 0.5, 800), 8000, format="WAV")
    return file.getvalue()

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from chiasm.data.table import Problem, Table
from chiasm.errors import ChiasmError
from chiasm.model.prediction_files import (
    Predicted,
    check_prediction_path,
    rows_to_predict,
    write_predictions,
)
from chiasm.tasks.multiclass import Multiclass

from .letters import make_table

CLASSES = ("id", 'so, "so"', "好")
PREDICTED = Predicted(
    ids=("r0", "r1", "r2"),
    labels=("好", None, 'so, "so"'),
    probabilities=np.array([[0.1, 0.2, 0.7], [0.3, 0.3, 0.4], [0.0, 1.0, 0.0]], dtype=np.float32),
    task=Multiclass(CLASSES),
)
TABLE = make_table(
    text=["a", None, "c"],
    labels=["id", None, None],
    problems=[
        Problem("r1", "text", "empty", "marked missing", position=1),
        Problem("r1", "image", "truncated", "marked missing", position=1),
    ],
)


def predict_and_write(table: Table, path: Path) -> int:
    """What ``chiasm predict`` does, of a model that always says the same of a row."""
    asked = rows_to_predict(table, path)
    places = [PREDICTED.ids.index(row) for row in asked.ids]
    predicted = replace(
        PREDICTED,
        ids=asked.ids,
        labels=tuple(PREDICTED.labels[place] for place in places),
        probabilities=PREDICTED.probabilities[places],
    )
    write_predictions(predicted, asked, path)
    return len(asked)


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return pq.read_table(path).to_pylist()


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_every_row_is_written_in_order_with_probabilities_and_problems(
    tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"out{ending}"
    assert predict_and_write(TABLE, path) == 3
    rows = read(path)
    probabilities = [f"probability_{label}" for label in CLASSES]
    assert list(rows[0]) == ["id", "label", "problem", *probabilities]
    assert [row["id"] for row in rows] == ["r0", "r1", "r2"]
    assert [row["label"] or None for row in rows] == list(PREDICTED.labels)
    assert [row["problem"] for row in rows] == ["", "text: empty; image: truncated", ""]
    written = [[float(row[column]) for column in probabilities] for row in rows]
    np.testing.assert_allclose(written, PREDICTED.probabilities, atol=1e-6)


@pytest.mark.parametrize("ids", [("a", "a", "b"), ("row 2", "row 2", "x")])
def test_a_problem_is_written_beside_its_own_row_where_ids_repeat(
    tmp_path: Path, ids: tuple[str, ...]
) -> None:
    table, path = replace(TABLE, ids=ids), tmp_path / "out.csv"
    write_predictions(replace(PREDICTED, ids=ids), table, path)
    assert [row["problem"] for row in read(path)] == ["", "text: empty; image: truncated", ""]


def test_the_form_of_the_lab_fills_in_the_unlabelled_rows_in_order(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    assert predict_and_write(TABLE, path) == 2
    assert path.read_text("utf-8") == 'guid,tag\nr1,null\nr2,"so, ""so"""\n'


def test_the_form_of_the_lab_holds_all_rows_if_all_are_labelled(tmp_path: Path) -> None:
    table = make_table(text=["a", "b", "c"], labels=["id", "id", "id"])
    path = tmp_path / "out.TXT"
    assert predict_and_write(table, path) == 3
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [["guid", "tag"], ["r0", "好"], ["r1", "null"], ["r2", 'so, "so"']]


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet", "out.txt", "OUT.CSV"])
def test_known_endings_pass(tmp_path: Path, name: str) -> None:
    check_prediction_path(tmp_path / name)


@pytest.mark.parametrize("name", ["out", "out.xlsx", "out.csv.gz", ".csv"])
def test_other_endings_are_refused_with_those_allowed(tmp_path: Path, name: str) -> None:
    with pytest.raises(ChiasmError, match=r"\.csv, \.jsonl, \.parquet, \.txt") as error:
        check_prediction_path(tmp_path / name)
    assert name in str(error.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ChiasmError, match=r"There is no folder .*nowhere"):
        check_prediction_path(tmp_path / "nowhere" / "out.csv")

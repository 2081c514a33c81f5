"""Predictions as a data frame and as files, whoever made them: nothing here needs torch."""

import csv
import re
from pathlib import Path

import pandas as pd

from chiasm.data.table import Table
from chiasm.errors import ChiasmError
from chiasm.inference.predictions import Predicted
from chiasm.utils.outputs import spare_inputs
from chiasm.utils.writing import atomic_write

_FORMULA = re.compile(r"[=+\-@\t\r](?![\d.,]+(e[+-]?\d+)?$)", re.IGNORECASE)
_ENDINGS = (".csv", ".jsonl", ".parquet", ".txt")


def prediction_frame(predicted: Predicted, table: Table) -> pd.DataFrame:
    """Every row in order: its id, its label, what was wrong with it, its probabilities."""
    columns: dict[str, object] = {
        "id": predicted.ids,
        "label": predicted.labels,
        "problem": [
            "; ".join(f"{problem.field}: {problem.reason}" for problem in table.problems_of(row))
            for row in range(len(table))
        ],
    }
    return pd.DataFrame(columns | predicted.task.columns(predicted.probabilities))


def shown_formula(cell: object) -> object:
    """The cell, with a sign in front that has a spreadsheet show it where it would run it.

    A spreadsheet takes what begins with =, +, -, @, a tab or a carriage return and is no number.
    """
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def check_prediction_path(path: Path) -> None:
    """Make sure that predictions can be written there, before the work of making them.

    Raises:
        ChiasmError: the ending is not known, or the folder is missing.
    """
    if path.suffix.lower() not in _ENDINGS:
        raise ChiasmError(
            f"Predictions cannot be written as {path.name}: the name must end in "
            f"{', '.join(_ENDINGS)} (.txt is the guid,tag form of the lab)."
        )
    if not path.parent.is_dir():
        raise ChiasmError(f"There is no folder {path.parent} to write {path.name} to. Create it.")


def rows_to_predict(table: Table, path: Path) -> Table:
    """The rows that the form of this file holds.

    CSV, JSONL and Parquet hold every row; the lab's own form (``.txt``) its unlabelled rows or, if
    every row is labelled, all of them.
    """
    if path.suffix.lower() != ".txt":
        return table
    unlabelled = [i for i, label in enumerate(table.labels) if label is None]
    return table.take(unlabelled) if unlabelled else table


def write_predictions(
    predicted: Predicted, table: Table, path: Path, *, show_formulas: bool = False
) -> None:
    """Write the predictions for a table, in its order.

    CSV, JSONL and Parquet tell of each row its id, its label (empty where nothing could be read),
    what was wrong with it and the probability of each class. The lab's own form (``.txt``) is a
    ``guid,tag`` list. What is there already stays until all rows are written.

    ``show_formulas``: whether cells of a CSV that a spreadsheet would run get a sign in front.

    Raises:
        ChiasmError: the rows were read from that file.
    """
    spare_inputs([path], table.files_read())
    with atomic_write(path) as part:
        _write(predicted, table, part, show_formulas=show_formulas)


def _write(predicted: Predicted, table: Table, path: Path, *, show_formulas: bool) -> None:
    if path.suffix.lower() == ".txt":
        _write_lab_form(predicted, path)
        return
    frame = prediction_frame(predicted, table)
    if path.suffix.lower() == ".csv":
        if show_formulas:
            frame = frame.rename(columns=shown_formula).map(shown_formula)
        frame.to_csv(path, index=False)
    elif path.suffix.lower() == ".jsonl":
        frame.to_json(path, orient="records", lines=True, force_ascii=False)
    else:
        with path.open("wb") as file:  # its path may be none in UTF-8
            frame.to_parquet(file, index=False)


def _write_lab_form(predicted: Predicted, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["guid", "tag"])
        rows = zip(predicted.ids, predicted.labels, strict=True)
        writer.writerows([row, label or "null"] for row, label in rows)

"""Predictions as a file, in the form that its name asks for."""

import csv
from pathlib import Path

from chiasm.data.table import Table
from chiasm.errors import ChiasmError
from chiasm.model.formulas import shown_formula
from chiasm.model.predicted import Predicted
from chiasm.model.prediction_frame import prediction_frame
from chiasm.spare_inputs import spare_inputs
from chiasm.whole_files import written_whole

_ENDINGS = (".csv", ".jsonl", ".parquet", ".txt")


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
    with written_whole(path) as part:
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

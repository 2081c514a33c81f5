"""The command ``chiasm predict``."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chiasm.cli.expand import expand_options
from chiasm.cli.named_inputs import named_inputs
from chiasm.cli.options import (
    Address,
    Data,
    Engine,
    Reading,
    Strict,
    refuse_without_effect,
)
from chiasm.cli.progress import progress_bar
from chiasm.cli.screen import notes, say_what_was_read
from chiasm.utils.locking import exclusive_lock
from chiasm.utils.outputs import spare_inputs

if TYPE_CHECKING:
    from chiasm.data.table import Table


@expand_options
def predict(
    model: Annotated[
        Path,
        typer.Argument(metavar="MODEL", help="The folder that chiasm train or export wrote."),
    ],
    data: Data,
    reading: Reading,
    out: Annotated[
        str,
        typer.Option(
            metavar="FILE|DIR",
            help="Ends in .csv, .jsonl or .parquet; or in .txt for the lab's guid,tag form with "
            "its unlabelled rows filled in. With --engine ray: a folder of Parquet files, which "
            "may be such as s3://bucket/folder.",
        ),
    ],
    show_formulas: Annotated[
        bool,
        typer.Option(
            "--show-formulas",
            help="Put a ' before cells of a CSV that a spreadsheet would run as formulas.",
        ),
    ] = False,
    strict: Strict = False,
    engine: Engine = "local",
    address: Address = None,
) -> None:
    """Label new rows, with a probability for each class, in the order of the file.

    With --engine ray the same command goes on after an interruption.
    Examples: chiasm predict model unseen.csv --out predictions.csv;
    chiasm predict model unseen.csv --engine ray --out predictions
    """
    if engine == "ray" or not out.lower().endswith(".csv"):
        refuse_without_effect("on a CSV file", show_formulas=show_formulas)
    if engine == "ray":
        import_module("chiasm.scale.cluster")  # before any work, as it may be missing
        table = _read(reading, data)
        _predict_on_ray(model, table, out, address, strict=strict)
    else:
        refuse_without_effect("with --engine ray", address=address)
        _predict_here(model, reading, data, Path(out), show_formulas=show_formulas, strict=strict)


def _read(reading: Reading, data: Path, *, spare_from: Path | None = None) -> "Table":
    table = reading.read(data, spare_from=(spare_from,))
    say_what_was_read(table)
    return table


def _predict_here(
    model: Path, reading: Reading, data: Path, out: Path, *, show_formulas: bool, strict: bool
) -> None:
    from chiasm.model.prediction_files import (
        check_prediction_path,
        rows_to_predict,
        write_predictions,
    )
    from chiasm.scale.predictors import load_predictor

    check_prediction_path(out)
    spare_inputs([out], named_inputs({"model": model, "data": data}))
    with exclusive_lock(out, folder=False):
        predict_table = load_predictor(model, cached=True)
        table = rows_to_predict(_read(reading, data, spare_from=out), out)
        predicted = predict_table(table, strict=strict)
        table = replace(table, problems=(*table.problems, *predicted.problems))
        write_predictions(predicted, table, out, show_formulas=show_formulas)
    notes.print(f"{len(table):,} rows: {out}")


def _predict_on_ray(
    model: Path, table: "Table", out: str, address: str | None, *, strict: bool
) -> None:
    from chiasm.scale.cluster import cluster
    from chiasm.scale.predictions import predict_shards

    with progress_bar("predicting") as progress, cluster(address):
        task = progress.add_task("", total=len(table))
        predict_shards(
            model, table, out, advance=lambda rows: progress.advance(task, rows), strict=strict
        )
    notes.print(f"{len(table):,} rows: {out}", highlight=False)

"""The command ``chiasm predict``."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chiasm.cli.expand import expand_options
from chiasm.cli.options import Data, Reading
from chiasm.cli.screen import notes, say_what_was_read
from chiasm.sole_writer import sole_writer

if TYPE_CHECKING:
    from chiasm.data.table import Table
    from chiasm.model.cut_sounds import Hearing
    from chiasm.model.predicted import Predicted


@expand_options
def predict(
    model: Annotated[
        Path,
        typer.Argument(metavar="MODEL", help="The folder that chiasm train or export wrote."),
    ],
    data: Data,
    reading: Reading,
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Ends in .csv, .jsonl or .parquet; or in .txt for the lab's guid,tag form with "
            "its unlabelled rows filled in.",
        ),
    ],
) -> None:
    """Label new rows, with a probability for each class, in the order of the file.

    Example: chiasm predict model unseen.csv --out predictions.csv
    """
    from chiasm.model.cut_sounds import cut_sounds
    from chiasm.model.write_predictions import check_prediction_path, write_predictions

    check_prediction_path(out)
    with sole_writer(out, folder=False):
        predict_table, encoders = _load(model)
        table = reading.read(data)
        say_what_was_read(table)
        predicted = predict_table(table)
        table = replace(table, problems=(*table.problems, *cut_sounds(table, encoders)))
        rows = write_predictions(predicted, table, out)
        notes.print(f"{rows:,} rows: {out}")


def _load(model: Path) -> "tuple[Callable[[Table], Predicted], Mapping[str, Hearing]]":
    """What predicts tables by the model, which may be an exported one, and its encoders."""
    from chiasm.runtime.manifest import MANIFEST

    if (model / MANIFEST).is_file():
        from chiasm.runtime.predict_table import predict_table
        from chiasm.runtime.runtime import load_runtime

        runtime = load_runtime(model)
        return partial(predict_table, runtime), runtime.encoders
    from chiasm.encoders.cache import FeatureCache
    from chiasm.model.predict import predict as predict_by_model
    from chiasm.model.storage import load_model

    loaded = load_model(model)
    return partial(predict_by_model, loaded, cache=FeatureCache()), loaded.encoders

"""The command ``chiasm predict``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from chiasm.cli.expand import expand_options
from chiasm.cli.options import Data, Model, Reading
from chiasm.cli.screen import notes, say_what_was_read


@expand_options
def predict(
    model: Model,
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
    from chiasm.encoders.cache import FeatureCache
    from chiasm.model import predict as predicting
    from chiasm.model.cut_sounds import cut_sounds
    from chiasm.model.storage import load_model
    from chiasm.model.write_predictions import check_prediction_path, write_predictions

    check_prediction_path(out)
    loaded = load_model(model)
    table = reading.read(data)
    say_what_was_read(table)
    predicted = predicting.predict(loaded, table, cache=FeatureCache())
    table = replace(table, problems=(*table.problems, *cut_sounds(table, loaded.encoders)))
    rows = write_predictions(predicted, table, out)
    notes.print(f"{rows:,} rows: {out}")

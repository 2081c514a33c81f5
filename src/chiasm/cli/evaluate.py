"""The command ``chiasm evaluate``."""

from dataclasses import asdict

from chiasm.cli.expand import expand_options
from chiasm.cli.options import Data, Json, Model, Reading
from chiasm.cli.screen import results, say_what_was_read
from chiasm.json_files import write_json


@expand_options
def evaluate(model: Model, data: Data, reading: Reading, json: Json = None) -> None:
    """Judge a trained model on labelled rows that it was not trained on.

    Example: chiasm evaluate model new_reviews.csv
    """
    from chiasm.encoders.cache import FeatureCache
    from chiasm.evaluation import evaluate as evaluation
    from chiasm.evaluation.views.metrics_view import render_metrics
    from chiasm.model.storage import load_model

    loaded = load_model(model)
    table = reading.read(data)
    say_what_was_read(table)
    metrics = evaluation.evaluate(loaded, table, cache=FeatureCache())
    results.print(render_metrics(metrics, str(data)))
    if json is not None:
        write_json(asdict(metrics), json)

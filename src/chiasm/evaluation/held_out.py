"""evaluate: judge a trained model on labelled rows."""

from chiasm.data.splitting.splits import evaluated_rows
from chiasm.data.table import Table
from chiasm.data.verification.problems import log_problems
from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import DataError
from chiasm.inference.missing_modalities import say_lacking
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable, encode_table
from chiasm.model.logits import predict_probabilities
from chiasm.tasks.metrics import Metrics


def evaluate(
    model: FusionClassifier, table: Table, *, cache: FeatureCache | None, strict: bool = False
) -> Metrics:
    """Metrics of the model's calibrated predictions on the labelled rows of a table.

    Of a table that names a test part, on that part. Rows of labels that the model never saw are
    named and count as wrong.

    Raises:
        DataError: the table has no labels, none that the model knows, or misspelled ones; or no
            row has one of the modalities that the model looks at, and ``strict``.
    """
    rows = evaluated_rows(table)
    log_problems(model.task.check_labels(table, rows, what="The rows to judge by"))
    labelled = table.take(rows)
    if not len(labelled):
        raise DataError(
            f"{table.source} has no labelled rows to judge by. To label rows, use chiasm predict."
        )
    say_lacking(labelled, model.modalities, strict=strict)
    return evaluate_rows(
        model, encode_table(labelled, model.encoders, task=model.task, cache=cache)
    )


def evaluate_rows(model: FusionClassifier, rows: EncodedTable) -> Metrics:
    """Metrics of the model's calibrated predictions on encoded, labelled rows."""
    return model.task.metrics(predict_probabilities(model, rows).numpy(), rows.labels)

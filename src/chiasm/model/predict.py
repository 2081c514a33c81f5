"""predict: labels and probabilities for new rows."""

from chiasm.data.table import Table
from chiasm.encoders.cache import FeatureCache
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import encode_table
from chiasm.model.inference import predict_probabilities
from chiasm.model.lacking import absent, say_lacking
from chiasm.model.left_out import left_out
from chiasm.model.predicted import Predicted


def predict(
    model: FusionClassifier, table: Table, *, cache: FeatureCache | None, strict: bool = False
) -> Predicted:
    """Predict every row, labelled or not, that has something the model can look at.

    Raises:
        DataError: no row has one of the modalities that the model looks at, and ``strict``.
    """
    say_lacking(table, model.modalities, strict=strict)
    rows = encode_table(table, model.encoders, cache=cache)
    probabilities = predict_probabilities(model, rows).numpy()
    best = probabilities.argmax(axis=1)
    return Predicted(
        ids=table.ids,
        labels=tuple(
            model.classes[k] if seen else None for k, seen in zip(best, rows.present, strict=True)
        ),
        probabilities=probabilities,
        classes=model.classes,
        problems=(*absent(table, model.modalities), *left_out(table, model.encoders)),
    )

"""predict: labels and probabilities for new rows."""

from chiasm.data.table import Table
from chiasm.encoders.features.cache import FeatureCache
from chiasm.inference.missing_modalities import absent, say_lacking
from chiasm.inference.predictions import Predicted
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import encode_table
from chiasm.model.left_out import left_out
from chiasm.model.logits import predict_probabilities


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
    return Predicted(
        ids=table.ids,
        labels=tuple(
            label if seen else None
            for label, seen in zip(model.task.decide(probabilities), rows.present, strict=True)
        ),
        probabilities=probabilities,
        task=model.task,
        problems=(*absent(table, model.modalities), *left_out(table, model.encoders)),
    )

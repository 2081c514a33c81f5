"""check_export: whether an exported folder predicts as the model that it was made of."""

from pathlib import Path

import numpy as np

from chiasm.data.media.facts import Value
from chiasm.encoders.features.encoding import encode
from chiasm.encoders.precomputed import Precomputed
from chiasm.errors import ChiasmError
from chiasm.exporting.probes import make_probes
from chiasm.inference.runtime import load_runtime
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import predict_probabilities

TOLERANCE = 1e-4


def check_export(model: FusionClassifier, folder: Path) -> None:
    """Predict made-up rows in both ways: each modality alone, all together, and none.

    Raises:
        ChiasmError: a probability differs by more than 1e-4.
    """
    probes = {m: make_probes(e.export_spec().preprocessing) for m, e in model.encoders.items()}
    rows: list[dict[str, Value]] = [{}]
    rows += [{m: value} for m, values in probes.items() for value in values]
    rows += [
        dict(zip(probes, values, strict=True)) for values in zip(*probes.values(), strict=True)
    ]
    runtime = load_runtime(folder)
    found = runtime.predict(
        [{m: runtime.load(m, value) for m, value in row.items()} for row in rows],
        contributions=False,
    )
    given = np.array([list(prediction.probabilities.values()) for prediction in found])
    difference = float(np.abs(given - _expected(model, rows)).max())
    # Not a number is no agreement either.
    if not difference <= TOLERANCE:
        raise ChiasmError(
            f"The export in {folder} predicts other than the model: probabilities differ by up to "
            f"{difference:.2g}. One of its encoders is not exported faithfully: train a model with "
            "another one, such as the packaged encoders."
        )


def _expected(model: FusionClassifier, rows: list[dict[str, Value]]) -> np.ndarray:
    features = {}
    for modality, encoder in model.encoders.items():
        values = [row.get(modality) for row in rows]
        if isinstance(encoder, Precomputed):
            features[modality] = encoder.features(values)
        else:
            features[modality] = encode(encoder, values)
    table = EncodedTable(features, [None] * len(rows))
    return predict_probabilities(model, table).numpy()

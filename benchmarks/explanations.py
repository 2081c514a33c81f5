"""What explanations are worth where the truth is known, and what they cost.

    python benchmarks/explanations.py

Trains on 1,600 generated reviews as ``chiasm train`` does by itself, and explains 600 more. Writes
benchmarks/results/explanations.json.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import torch
from captum.attr import ShapleyValues
from sklearn.metrics import roc_auc_score

from chiasm.data.reading import read
from chiasm.encoders.features.cache import FeatureCache
from chiasm.encoders.tokens import Tokens
from chiasm.explanation.contributions import Contributions, modality_contributions
from chiasm.explanation.faithfulness.naming import deciding_modalities
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable, encode_table, stack_tokens
from chiasm.model.logits import calibrate, predict_probabilities
from chiasm.model.storage import load_model
from chiasm.samples.reviews.write_reviews import write_reviews
from chiasm.training.recipe import Recipe
from chiasm.training.run.pipeline import train

RESULT = Path(__file__).parent / "results" / "explanations.json"
UNSEEN = 600
RUNS = 5
CHECKED_BY_CAPTUM = 20


def measure_naming(
    contributions: Contributions, deciding: list[str | None], kinds: np.ndarray, right: np.ndarray
) -> dict[str, object]:
    """How often the modality with the larger Shapley value is the one that decides."""
    chosen = contributions.prediction.argmax(axis=1)
    values = contributions.values[np.arange(len(chosen)), :, chosen]
    named = np.array(contributions.modalities)[values.argmax(axis=1)]
    decided = np.array([modality is not None for modality in deciding])
    hit = named == np.array([modality or "" for modality in deciding])
    return {
        "rows": int(decided.sum()),
        "share": round(float(hit[decided].mean()), 4),
        "share_where_predicted_right": round(float(hit[decided & right].mean()), 4),
        "by_kind": {
            kind: round(float(hit[kinds == kind].mean()), 4)
            for kind in ("text", "picture", "irrelevant")
        },
    }


def measure_null_mass(contributions: Contributions, kinds: np.ndarray) -> dict[str, object]:
    """The null key's weight where the image is irrelevant, and where it decides."""
    masses = dict(contributions.null_mass)
    masses["image less text"] = masses["image"] - masses["text"]
    irrelevant, decides = kinds == "irrelevant", kinds == "picture"
    either = irrelevant | decides
    return {
        name: {
            "mean_where_irrelevant": round(float(mass[irrelevant].mean()), 4),
            "mean_where_it_decides": round(float(mass[decides].mean()), 4),
            "auc": round(float(roc_auc_score(irrelevant[either], mass[either])), 4),
        }
        for name, mass in masses.items()
    }


def seconds(work: Callable[[FusionClassifier, EncodedTable], Any], *given: Any) -> float:
    started = time.perf_counter()
    work(*given)
    return time.perf_counter() - started


def measure_cost(model: FusionClassifier, rows: EncodedTable) -> dict[str, float]:
    """Of contributions beside a plain prediction from cached features, taken in turns."""
    plain, explained = [], []
    for _ in range(RUNS):
        plain.append(seconds(predict_probabilities, model, rows))
        explained.append(seconds(modality_contributions, model, rows))
    return {
        "prediction_seconds": round(median(plain), 4),
        "contributions_seconds": round(median(explained), 4),
        "ratio": round(median(explained) / median(plain), 3),
    }


def compare_with_captum(
    model: FusionClassifier, rows: EncodedTable, contributions: Contributions
) -> float:
    """The largest difference between ours and captum's values, a feature being a modality."""
    largest = 0.0
    for row in range(CHECKED_BY_CAPTUM):
        tokens = model.encode(stack_tokens([rows[row]]))

        def predict(*masks: torch.Tensor, tokens: dict[str, Tokens] = tokens) -> torch.Tensor:
            given = {
                m: Tokens(t.values, mask.bool())
                for (m, t), mask in zip(tokens.items(), masks, strict=True)
            }
            return calibrate(model, model.classify(given).logits)

        masks = tuple(t.mask.float() for t in tokens.values())
        features = tuple(torch.full_like(m, i, dtype=torch.long) for i, m in enumerate(masks))
        for target in range(len(model.classes)):
            found = ShapleyValues(predict).attribute(masks, target=target, feature_mask=features)
            expected = np.array([float(values[0, 0]) for values in found])
            difference = np.abs(contributions.values[row, :, target] - expected).max()
            largest = max(largest, float(difference))
    return largest


def train_on_reviews(folder: Path) -> FusionClassifier:
    """What ``chiasm train FOLDER/reviews/reviews.csv --out FOLDER/model`` gives."""
    data = write_reviews(folder / "reviews", unseen=UNSEEN)
    train(
        read(data),
        Recipe(),
        out=folder / "model",
        command="python benchmarks/explanations.py",
        cache=FeatureCache(),
        report=print,
    )
    return load_model(folder / "model")


@torch.no_grad()
def evaluate_systems(model: FusionClassifier, data: Path) -> dict[str, object]:
    """Everything that is measured, on reviews with truth.csv beside them."""
    table = read(data)
    rows = encode_table(table, model.encoders, cache=FeatureCache())
    truth = pd.read_csv(data.parent / "truth.csv", dtype=str).set_index("id").loc[list(table.ids)]
    before = predict_probabilities(model, rows)
    contributions = modality_contributions(model, rows)
    right = np.array(model.classes)[before.numpy().argmax(axis=1)] == truth["label"].to_numpy()
    kinds = truth["kind"].to_numpy()
    return {
        "rows": len(table),
        "accuracy": round(float(right.mean()), 4),
        "prediction_unchanged": bool(
            torch.equal(before.double(), torch.from_numpy(contributions.prediction))
            and torch.equal(before, predict_probabilities(model, rows))
        ),
        "naming": measure_naming(contributions, deciding_modalities(table), kinds, right),
        "null_mass": measure_null_mass(contributions, kinds),
        "largest_difference_from_captum": compare_with_captum(model, rows, contributions),
        "cost": measure_cost(model, rows),
    }


def main() -> None:
    with TemporaryDirectory() as made:
        folder = Path(made)
        result = evaluate_systems(train_on_reviews(folder), folder / "reviews" / "unseen.csv")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()

"""How fast the packaged encoders and the training of a head are.

Run by ``make bench``; writes benchmarks/results/encode.json. Every figure is the median of several
measurements, which are listed beside it.
"""

import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch

from chiasm.data.read import read
from chiasm.data.samples.reviews.write_reviews import write_reviews
from chiasm.data.table import Table, Value
from chiasm.encoders.base import Encoder
from chiasm.encoders.cache import FeatureCache
from chiasm.encoders.encode import encode
from chiasm.encoders.features import Features
from chiasm.encoders.registry import load_encoder
from chiasm.fusion.build import FusionConfig, fusion_names
from chiasm.training.config import TrainingConfig
from chiasm.training.epochs import Epoch
from chiasm.training.recipe import Recipe
from chiasm.training.train import train

ROWS = 400
RUNS = 3
EPOCHS = 5
ENCODERS = {"text": ("minilm",), "image": ("efficientnet-lite0", "efficientnet-lite2")}
RESULT = Path(__file__).parent / "results" / "encode.json"


def timed(work: Callable[..., Features], *given: Any) -> tuple[Features, float]:
    started = time.perf_counter()
    done = work(*given)
    return done, time.perf_counter() - started


def read_again(cache: FeatureCache, encoder: Encoder, values: Sequence[Value | None]) -> Features:
    features = cache.features(encoder, values)
    for row in range(len(features)):
        features[row]
    return features


def summarise(unit: str, measured: Sequence[float]) -> dict[str, object]:
    return {unit: round(median(measured), 3), "measured": [round(value, 3) for value in measured]}


def measure_encoding(table: Table, folder: Path) -> dict[str, object]:
    """Distinct values per second into an empty cache; rows per second out of it in a later run."""
    results: dict[str, object] = {}
    for modality, names in ENCODERS.items():
        values = table.values[modality]
        for name in names:
            encoder = load_encoder(modality, name)
            encode(encoder, values[:32])  # what happens only once is not measured
            uncached, cached = [], []
            for run in range(RUNS):
                cache = FeatureCache(folder / f"{name}-{run}")
                features, seconds = timed(cache.features, encoder, values)
                uncached.append(features.encoded / seconds)
                features, seconds = timed(read_again, cache, encoder, values)
                cached.append(len(features) / seconds)
            results[name] = {
                "uncached": summarise("items_per_second", uncached),
                "cached": summarise("items_per_second", cached),
            }
            print(name, json.dumps(results[name]), flush=True)
    return results


def measure_training(table: Table, folder: Path) -> dict[str, object]:
    """Seconds an epoch of each fusion on cached features, its validation included."""
    results: dict[str, object] = {}
    for fusion in fusion_names(table.modalities):
        epochs: list[Epoch] = []
        train(
            table,
            Recipe(
                fusion=FusionConfig(name=fusion),
                training=TrainingConfig(epochs=EPOCHS, patience=1.0),
            ),
            out=folder / fusion,
            command="make bench",
            cache=FeatureCache(folder / "cache"),
            report=epochs.append,
        )
        results[fusion] = summarise("seconds_per_epoch", [epoch.seconds for epoch in epochs])
        print(fusion, json.dumps(results[fusion]), flush=True)
    return results


def main() -> None:
    machine = {
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "load_average_before": round(os.getloadavg()[0], 2),
        "device": "cuda" if torch.cuda.is_available() else "cpu",
        "torch_threads": torch.get_num_threads(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("chiasm", "torch", "transformers")},
    }
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        table = read(write_reviews(folder / "reviews", rows=ROWS, unseen=0))
        result = {
            "machine": machine,
            "rows": ROWS,
            "encoding": measure_encoding(table, folder),
            "training": measure_training(table, folder),
        }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"Written to {RESULT}")


if __name__ == "__main__":
    main()

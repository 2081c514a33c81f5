"""What chiasm's own work on speed is worth, side by side with the pipeline of the write-ups.

    python benchmarks/speed.py [DATA] [--rows N]

Run by ``make bench``. DATA is a labelled set of texts and images (the lab where it is at hand,
else generated reviews). Every ratio of rates is of two that were measured in turn, each the median
of several. Writes benchmarks/results/speed.json and docs/performance.md.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
import soundfile
import torch
from engines import count_flops, engines
from naive import BATCH, NaiveAudio, NaiveImage, NaiveText, Training, train_naively
from serve_load import compare_servers
from write_performance import write_performance

from chiasm.data.media.facts import Value
from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.encoders.base import Encoder
from chiasm.encoders.features.cache import FeatureCache
from chiasm.encoders.features.encoding import encode
from chiasm.encoders.registry import load_encoder
from chiasm.exporting.folder import export
from chiasm.fusion.build import FusionConfig, fusion_names
from chiasm.model.predictions import predict
from chiasm.model.storage import load_model
from chiasm.report.examination import examine
from chiasm.samples.reviews.write_reviews import write_reviews
from chiasm.training.comparison.systems import compare
from chiasm.training.config import TrainingConfig
from chiasm.training.loop.epochs import Epoch
from chiasm.training.recipe import Recipe
from chiasm.training.run.pipeline import train
from chiasm.training.run.splits import split_rows
from chiasm.utils.writing import write_json

_Result = TypeVar("_Result")
LAB = Path(__file__).parents[2] / "shared" / "data" / "lab"
RESULT = Path(__file__).parent / "results" / "speed.json"
# Of generated reviews, where the lab is not at hand.
ROWS = 600
RUNS = 3
EPOCHS = 5
ENCODED = 1000
AUDIO = 24
SINGLE = 20
BULK = 160
FOLDS = 3
CLIENTS = 64
LOAD_SECONDS = 15.0
ENCODERS = {"text": "minilm", "image": "efficientnet-lite2"}
# What the lab write-up trains on frozen encoders, and what this project trains by default.
FUSIONS = ("concat", "cross_attention")


def read_labelled(data: Path, rows: int | None) -> Table:
    table = read(data)
    return table.take(table.labelled[:rows])


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def rates(works: dict[str, Callable[[], object]], items: int) -> dict[str, float]:
    """Items a second of each, the median of runs that take turns; a first one is not counted."""
    measured: dict[str, list[float]] = {name: [] for name in works}
    for run in range(RUNS + 1):
        for name, work in works.items():
            rate = items / seconds(work)
            if run:
                measured[name].append(rate)
    return {name: round(median(found), 2) for name, found in measured.items()}


def ratio(found: dict[str, float]) -> float:
    return round(found["chiasm"] / found["naive"], 2)


def matrix_peak() -> float:
    """Floating-point operations a second of the largest matrix product, in fp32, in GFLOP/s."""
    a = torch.randn(2048, 2048)
    return max(2 * 2048**3 / seconds(lambda: a @ a) for _ in range(10)) / 1e9


def measure_encoding(
    encoder: Encoder, naive: Callable[[Sequence[Any]], object], values: list[Value]
) -> dict[str, Any]:
    """From files and texts to tokens; then the network alone, against other engines."""

    def loop() -> None:
        for start in range(0, len(values), BATCH):
            naive(values[start : start + BATCH])

    found = rates({"chiasm": lambda: encode(encoder, values), "naive": loop}, len(values))
    gflop = count_flops(encoder, values)
    with engines(encoder, values) as runs:
        networks = rates(runs, len(values))
    best = max((name for name in networks if name != "chiasm"), key=networks.__getitem__)
    return {
        "items": len(values),
        "items_a_second": found,
        "over_naive": ratio(found),
        "network_items_a_second": networks,
        "best_other_engine": best,
        "over_best_engine": round(networks["chiasm"] / networks[best], 3),
        "gflop_an_item": round(gflop, 3),
        "gflops": round(gflop * networks["chiasm"], 1),
        "bytes_an_item_in_cache": int(
            np.mean([t.numel() * t.element_size() for t in encode(encoder, values[:50])])
        ),
    }


def measure_audio(folder: Path) -> dict[str, Any]:
    """Clips of 3 seconds, which the naive loop pads to 30."""
    random = np.random.default_rng(0)
    paths = [folder / f"{i}.wav" for i in range(AUDIO)]
    for path in paths:
        soundfile.write(path, random.normal(scale=0.1, size=48_000), 16_000)
    encoder, naive = load_encoder("audio", "whisper-tiny"), NaiveAudio()
    found = rates(
        {"chiasm": lambda: encode(encoder, paths), "naive": lambda: naive(paths)}, len(paths)
    )
    return {"items_a_second": found, "over_naive": ratio(found)}


def measure_training(data: Path, table: Table, folder: Path) -> dict[str, Any]:
    """Five epochs from the data to a saved model, with an empty cache and a filled one."""
    parts = split_rows(table, recipe(FUSIONS[0]).for_table(table))
    naive = in_own_process(
        train_naively, table, parts.train.tolist(), parts.validation.tolist(), EPOCHS, FUSIONS
    )
    found: dict[str, Any] = {
        "rows": len(table),
        "validation_rows": len(parts.validation),
        "epochs": EPOCHS,
        "batch": BATCH,
    }
    for fusion in FUSIONS:
        trained = {"naive": naive[fusion]}
        for name in ("cold", "warm"):
            work = (train_once, data, len(table), fusion, folder / fusion, name)
            trained[name] = in_own_process(*work)
        found[fusion] = {
            "seconds": {name: round(one.seconds, 1) for name, one in trained.items()},
            "head_seconds": {name: round(one.head_seconds, 1) for name, one in trained.items()},
            "naive_over_cold": round(naive[fusion].seconds / trained["cold"].seconds, 1),
            "naive_over_warm": round(naive[fusion].seconds / trained["warm"].seconds, 1),
            "best_validation_accuracy": {
                name: round(max(one.accuracies), 4) for name, one in trained.items()
            },
        }
    return found


def in_own_process(work: Callable[..., _Result], *given: object) -> _Result:
    """A training asks the C library to keep freed memory, which would speed up what comes after."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        return alone.submit(work, *given).result()


def recipe(fusion: str) -> Recipe:
    """Steps of as many rows as the naive loop takes."""
    training = TrainingConfig(epochs=EPOCHS, patience=1.0, batch_size=BATCH)
    return Recipe(fusion=FusionConfig(name=fusion), training=training)


def train_once(data: Path, rows: int, fusion: str, folder: Path, name: str) -> Training:
    os.environ["CHIASM_CACHE"] = str(folder / "cache")
    epochs: list[Epoch] = []
    took = seconds(
        lambda: train(
            read_labelled(data, rows),
            recipe(fusion),
            out=folder / name,
            command="make bench",
            cache=FeatureCache(),
            report=epochs.append,
        )
    )
    head = sum(epoch.seconds for epoch in epochs)
    return Training(took, head, [epoch.accuracy for epoch in epochs])


def measure_prediction(table: Table, folder: Path) -> dict[str, Any]:
    """Rows a second from files and texts, one row at a time and all at once, without a cache."""
    model = load_model(folder / "cross_attention" / "cold")
    text, image = NaiveText(), NaiveImage()

    def naive(row: int) -> None:
        tokens = {"text": text([table.values["text"][row]])}
        tokens["image"] = image([table.values["image"][row]])
        with torch.inference_mode():
            model(tokens)

    def one_by_one(work: Callable[[int], object], rows: int) -> Callable[[], None]:
        return lambda: [work(row) for row in range(rows)] and None

    single = rates(
        {
            "chiasm": one_by_one(lambda row: predict(model, table.take([row]), cache=None), SINGLE),
            "naive": one_by_one(naive, SINGLE),
        },
        SINGLE,
    )
    bulk = rates(
        {
            "chiasm": lambda: predict(model, table.take(range(BULK)), cache=None),
            "naive": one_by_one(naive, BULK),
        },
        BULK,
    )
    return {
        "single": {"rows_a_second": single, "over_naive": ratio(single)},
        "bulk": {"rows": BULK, "rows_a_second": bulk, "over_naive": ratio(bulk)},
    }


def measure_comparison(table: Table, folder: Path) -> dict[str, Any]:
    """Every fusion on three folds and a closer look at the best, features cached."""
    fusions = fusion_names(table.modalities)
    cache = FeatureCache(folder / "cross_attention" / "cache")
    took = seconds(
        lambda: compare(
            table,
            Recipe(training=TrainingConfig(epochs=EPOCHS, patience=1.0)),
            folds=FOLDS,
            seed=0,
            fusions=fusions,
            cache=cache,
            advance=lambda _: None,
            examine=examine,
        )
    )
    return {
        "folds": FOLDS,
        "epochs": EPOCHS,
        "fusions": fusions,
        "seconds": round(took, 1),
    }


def measure_serving(folder: Path) -> dict[str, Any]:
    """Generated reviews asked for by many clients, with batching and without."""
    export(load_model(folder / "cross_attention" / "cold"), folder / "exported")
    reviews = write_reviews(folder / "served", rows=320, unseen=0).parent
    return compare_servers(folder / "exported", reviews, clients=CLIENTS, seconds=LOAD_SECONDS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=LAB if LAB.is_dir() else None)
    parser.add_argument("--rows", type=int, help="only the first so many labelled rows")
    given = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ["CHIASM_CACHE"] = str(folder / "cache")
        data = given.data or write_reviews(folder / "reviews", rows=given.rows or ROWS, unseen=0)
        table = read_labelled(data, given.rows)
        result: dict[str, Any] = {
            "machine": describe_machine(),
            "data": data.name,
            "rows": len(table),
        }

        def note(name: str, found: object) -> None:
            result[name] = found
            print(name, json.dumps(found, indent=2), flush=True)

        naive = {"text": NaiveText(), "image": NaiveImage()}
        peaks = [matrix_peak()]
        for modality, name in ENCODERS.items():
            values = [v for v in table.values[modality] if v is not None][:ENCODED]
            encoder = load_encoder(modality, name)
            note(f"{modality} encoding", measure_encoding(encoder, naive[modality], values))
            peaks.append(matrix_peak())
        # The largest: a machine that others use too is slow at times.
        note("matrix_peak_gflops", round(max(peaks), 1))
        note("audio encoding", measure_audio(folder))
        note("training", measure_training(data, table, folder))
        note("prediction", measure_prediction(table, folder))
        note("comparison", measure_comparison(table, folder))
        note("serving", measure_serving(folder))
    write_json(result, RESULT)
    write_performance(RESULT.parent)


def describe_machine() -> dict[str, object]:
    return {
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "load_average_before": round(os.getloadavg()[0], 2),
        "torch_threads": torch.get_num_threads(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("chiasm", "torch", "transformers", "onnxruntime")},
    }


if __name__ == "__main__":
    main()

"""What more cores, machines and processes bring, and that they change nothing else.

    python benchmarks/scale.py [encode] [predict] [train]

Writes benchmarks/results/scale.json, of which only the parts that are named are measured anew.
``encode``: values per second by Ray on one and on two cores, from when every actor has answered
once. ``predict``: reviews on a local cluster of two nodes, one of which is killed in the middle,
against one process. ``train``: the same recipe in one process and in two by torchrun.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
import ray
from ray.cluster_utils import Cluster

from chiasm.data.media.facts import Value
from chiasm.data.reading import read
from chiasm.encoders.base import Encoder
from chiasm.encoders.defaults import DEFAULT_ENCODERS
from chiasm.encoders.features.cache import FeatureCache
from chiasm.encoders.features.encoding import Encoded, encode
from chiasm.encoders.registry import load_encoder
from chiasm.model.predictions import predict
from chiasm.model.storage import load_model
from chiasm.samples.reviews.write_reviews import write_reviews
from chiasm.scale import encoding
from chiasm.scale.cluster import cluster
from chiasm.scale.predictions import predict_shards
from chiasm.training.config import TrainingConfig
from chiasm.training.recipe import Recipe
from chiasm.training.run.pipeline import train

ROWS = 480
# Smaller than in use, so that few values make enough tasks.
TASK = PART = 16
RUNS = 3
SEEDS = 3
EPOCHS = 8
RESULT = Path(__file__).parent / "results" / "scale.json"
NODE = {"num_cpus": 1, "object_store_memory": 300 << 20}


def measure_encoding(data: Path) -> dict[str, object]:
    """Both numbers of cores in turn, several times, each in a process of its own."""
    measured: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
    for _ in range(RUNS):
        for cores, runs in measured.items():
            runs.append(_in_process("rates", str(cores), str(data)))
    return {
        name: {
            "one_core": _summary([run[name] for run in measured[1]]),
            "two_cores": _summary([run[name] for run in measured[2]]),
            "ratio": round(
                median(run[name]["items_per_second"] for run in measured[2])
                / median(run[name]["items_per_second"] for run in measured[1]),
                2,
            ),
        }
        for name in measured[1][0]
    }


def _summary(runs: list[dict[str, float]]) -> dict[str, object]:
    rates = [run["items_per_second"] for run in runs]
    return runs[0] | {"items_per_second": round(median(rates), 2), "measured": rates}


def _in_process(*arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, __file__, *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def rates(cores: int, data: Path) -> None:
    """Print the rate of each encoder; Ray's processes stay on the cores that this one has."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    nodes = Cluster(
        initialize_head=True,
        head_node_args=NODE | {"num_cpus": cores, "include_dashboard": False},
    )
    started = time.perf_counter()
    table = read(data)
    seconds = time.perf_counter() - started
    measured = {"reading": {"items_per_second": round(len(table) / seconds, 2)}}
    encoding._VALUES = TASK
    with cluster(nodes.address):
        for modality in ("text", "image"):
            encoder = load_encoder(modality, DEFAULT_ENCODERS[modality])
            measured[encoder.name] = _rate(encoder, table.values[modality], actors=cores)
    nodes.shutdown()
    print(json.dumps(measured))


def _rate(encoder: Encoder, column: Sequence[Value | None], *, actors: int) -> dict[str, float]:
    times, bytes_of = [], []

    def timed(encoder: Encoder, values: Mapping[bytes, Value]) -> Iterator[Encoded]:
        for batch in encoding.encode_on_ray(encoder, values):
            times.append(time.perf_counter())
            bytes_of.extend(tokens.nbytes for tokens in batch.tokens.values())
            yield batch

    encode(encoder, column, compute=timed)
    done = len(times) - actors
    return {
        "items_per_second": round(done * TASK / (times[-1] - times[actors - 1]), 2),
        "bytes_per_item": round(sum(bytes_of) / len(bytes_of)),
    }


def measure_predicting(data: Path, folder: Path) -> dict[str, object]:
    """Kill the node that is not the head once it has worked, and compare all rows."""
    _train(data, folder / "model", seed=0, processes=1)
    table = read(data)
    expected = predict(load_model(folder / "model"), table, cache=None)
    nodes = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
    doomed = nodes.add_node(**NODE)
    done: list[int] = []
    killed: dict[str, int] = {}

    def advance(rows: int) -> None:
        done.append(rows)
        if not killed and sum(done) >= len(table) // 4 and (at_work := _actors_on(doomed)):
            killed.update(after_rows=sum(done), actors_on_it=at_work)
            nodes.remove_node(doomed, allow_graceful=False)

    started = time.perf_counter()
    out = folder / "parts"
    with cluster(nodes.address):
        predict_shards(folder / "model", table, str(out), rows_per_shard=PART, advance=advance)
    seconds = time.perf_counter() - started
    nodes.shutdown()
    found = pd.read_parquet(out)
    columns = [f"probability_{label}" for label in expected.task.classes]
    return {
        "rows_in": len(table),
        "rows_out": len(found),
        "killed": killed,
        "in_order": list(found["id"]) == list(expected.ids),
        "other_labels": sum(a != b for a, b in zip(found["label"], expected.labels, strict=True)),
        "largest_difference": float(np.abs(found[columns] - expected.probabilities).max().max()),
        "bytes_per_row": round(sum(f.stat().st_size for f in out.glob("*.parquet")) / len(found)),
        "seconds": round(seconds, 1),
    }


def _actors_on(node: Any) -> int:
    return sum(
        actor["State"] == "ALIVE" and actor["Address"]["NodeID"] == node.node_id
        for actor in ray._private.state.actors().values()
    )


def measure_training(data: Path, folder: Path) -> dict[str, object]:
    """The metrics of each seed in one process and in two."""
    results: dict[str, Any] = {}
    for processes, name in ((1, "one_process"), (2, "two_processes")):
        runs = []
        for seed in range(SEEDS):
            out = folder / f"{name}-{seed}"
            started = time.perf_counter()
            _train(data, out, seed=seed, processes=processes)
            seconds = time.perf_counter() - started
            metrics = json.loads((out / "metrics.json").read_text())["validation"]
            scores = {
                "accuracy": metrics["accuracy"],
                "macro_f1": metrics["macro"]["f1"],
                "log_loss": metrics["log_loss"],
            }
            runs.append(
                {n: round(v, 4) for n, v in scores.items()} | {"seconds": round(seconds, 1)}
            )
        results[name] = {
            "runs": runs,
            "mean": {n: round(float(np.mean([r[n] for r in runs])), 4) for n in runs[0]},
            "sd": {n: round(float(np.std([r[n] for r in runs], ddof=1)), 4) for n in runs[0]},
        }
    return results


def _train(data: Path, out: Path, *, seed: int, processes: int) -> None:
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    start = torchrun if processes > 1 else []
    subprocess.run(
        [sys.executable, *start, __file__, "fit", str(data), str(out), str(seed)], check=True
    )


def fit(data: Path, out: Path, seed: int) -> None:
    """What chiasm train does, but for the report."""
    train(
        read(data),
        Recipe(training=TrainingConfig(epochs=EPOCHS, seed=seed)),
        out=out,
        command="benchmarks/scale.py",
        cache=FeatureCache(),
        report=lambda epoch: None,
    )


def main(chosen: list[str]) -> None:
    result = json.loads(RESULT.read_text()) if RESULT.is_file() else {}
    result["machine"] = {
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "load_average_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{name: version(name) for name in ("chiasm", "ray", "torch", "accelerate")},
    }
    result["rows"] = ROWS
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ["CHIASM_CACHE"] = str(folder / "cache")
        data = write_reviews(folder / "reviews", rows=ROWS, unseen=0)
        measures = {
            "encode": partial(measure_encoding, data),
            "predict": partial(measure_predicting, data, folder),
            "train": partial(measure_training, data, folder),
        }
        for part in chosen:
            result[part] = measures[part]()
            RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"Written to {RESULT}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["rates", cores, data]:
            rates(int(cores), Path(data))
        case ["fit", data, out, seed]:
            fit(Path(data), Path(out), int(seed))
        case chosen:
            main(chosen or ["encode", "predict", "train"])

"""What tuning the encoders brings, and what it takes: accuracy against time.

    python benchmarks/tuning.py [DATA] [--blocks 0,1,2,3,all] [--epochs 3]

Trains MiniLM and EfficientNet-Lite0 with a cross-attention on DATA (the lab where it is at hand,
else generated reviews): frozen, their last k blocks on top of cached trunks, and wholly, where
nothing is cached, images are mirrored and cut at random, and activations are computed twice to
save memory. All are judged by the same held-out rows. Each training is a process of its own with an
empty feature cache; its seconds count from there, encoding among them. Writes
benchmarks/results/tuning.json, of which only the blocks that are named are measured anew, and
docs/images/tuning.png.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chiasm.data.reading import read
from chiasm.encoders.base import TrainableBlocks
from chiasm.encoders.features.cache import FeatureCache
from chiasm.evaluation.figures import blank_figure
from chiasm.samples.reviews.write_reviews import write_reviews
from chiasm.training.config import TrainingConfig
from chiasm.training.recipe import Recipe
from chiasm.training.run.pipeline import train
from chiasm.utils.writing import write_json

LAB = Path(__file__).parents[2] / "shared" / "data" / "lab"
RESULT = Path(__file__).parent / "results" / "tuning.json"
IMAGE = Path(__file__).parents[1] / "docs" / "images" / "tuning.png"
ENCODERS = {"text": "minilm", "image": "efficientnet-lite0"}
TUNING = TrainingConfig(
    batch_size=32, weight_decay=0.05, auxiliary_loss=1.0, augment=True, averaged_epochs=3
)


def recipe_for(blocks: TrainableBlocks, epochs: int) -> Recipe:
    """A head on frozen encoders is trained as it is by default: longer, with more decay."""
    if blocks == 0:
        return Recipe(encoders=ENCODERS)
    return Recipe(
        encoders=ENCODERS,
        trainable_blocks=dict.fromkeys(ENCODERS, blocks),
        training=replace(TUNING, epochs=epochs, gradient_checkpointing=blocks == "all"),
    )


def measure(data: Path, blocks: TrainableBlocks, epochs: int) -> dict[str, Any]:
    """The epochs of one training, each with the seconds from its beginning."""
    table = read(data)
    started = time.perf_counter()
    done = []
    with TemporaryDirectory() as folder:
        trained = train(
            table,
            recipe_for(blocks, epochs),
            out=Path(folder) / "model",
            command="benchmarks/tuning.py",
            cache=FeatureCache(Path(folder) / "cache"),
            report=lambda epoch: done.append((time.perf_counter() - started, epoch)),
        )
    return {
        "epochs": [
            {
                "after_seconds": round(seconds, 1),
                "accuracy": round(epoch.accuracy, 4),
                "macro_f1": round(epoch.macro_f1, 4),
                "log_loss": round(epoch.validation_loss, 4),
            }
            for seconds, epoch in done
        ],
        "seconds": round(time.perf_counter() - started, 1),
        "accuracy": round(trained.validation.accuracy, 4),
        "macro_f1": round(trained.validation.macro.f1, 4),
        "log_loss": round(trained.validation.log_loss, 4),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def time_to_score(measured: dict[str, Any]) -> dict[str, float | None]:
    """Seconds until each came to the lowest log loss of tuning wholly; None: it did not."""
    goal = min(epoch["log_loss"] for epoch in measured["all"]["epochs"])
    return {
        blocks: next((e["after_seconds"] for e in one["epochs"] if e["log_loss"] <= goal), None)
        for blocks, one in measured.items()
    }


def draw(measured: dict[str, Any]) -> None:
    figure = blank_figure(6.4, 3.6)
    axes = figure.subplots()
    for blocks, one in measured.items():
        axes.plot(
            [epoch["after_seconds"] / 60 for epoch in one["epochs"]],
            [epoch["accuracy"] for epoch in one["epochs"]],
            marker="o",
            markersize=3,
            label={"0": "frozen", "all": "whole"}.get(blocks, f"last {blocks}"),
        )
    axes.set(xlabel="minutes, encoding included", ylabel="validation accuracy")
    axes.grid(alpha=0.3)
    axes.legend(title="blocks that are tuned", frameon=False)
    figure.savefig(IMAGE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=LAB if LAB.is_dir() else None)
    parser.add_argument("--blocks", default="0,1,2,3,all")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        blocks = given.blocks if given.blocks == "all" else int(given.blocks)
        print(json.dumps(measure(given.data, blocks, given.epochs)))
        return
    measured = json.loads(RESULT.read_text())["blocks"] if RESULT.is_file() else {}
    with TemporaryDirectory() as folder:
        data = given.data or write_reviews(Path(folder) / "reviews", rows=1600, unseen=0)
        for blocks in given.blocks.split(","):
            command = [sys.executable, __file__, str(data), "--alone", "--blocks", blocks]
            command += ["--epochs", str(given.epochs)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            measured[blocks] = json.loads(done.stdout.splitlines()[-1])
            print(blocks, json.dumps(measured[blocks]), flush=True)
            found = {"data": data.name, "blocks": dict(sorted(measured.items()))}
            if "all" in measured:
                found["seconds_to_the_loss_of_all"] = time_to_score(found["blocks"])
            write_json(found, RESULT)
    draw(found["blocks"])


if __name__ == "__main__":
    main()

"""Whether an exported model predicts as the trained one, and what it costs.

    python benchmarks/parity.py vqa
    python benchmarks/parity.py lab --data ../shared/data/lab

Trains a small model on some rows, exports it in both precisions, and predicts 500 other rows with
all three. Prints the tables of docs/export.md.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.encoders.features.cache import FeatureCache
from chiasm.exporting.folder import export
from chiasm.inference.predictions import Predicted
from chiasm.inference.runtime import load_runtime
from chiasm.inference.tables import predict_table
from chiasm.model.classifier import FusionClassifier
from chiasm.model.predictions import predict
from chiasm.recipes.files import load_recipe
from chiasm.samples.vqa import write_vqa
from chiasm.training.run.pipeline import train

RECIPES = {"lab": "review-offline", "vqa": "vqa-offline"}
TRAINED, EVALUATED, EPOCHS = 1500, 500, 5

# In a process of its own: what a server needs, and nothing of torch.
FRESH = """
import sys, time
started = time.perf_counter()
from pathlib import Path
from chiasm.inference.runtime import load_runtime
runtime = load_runtime(Path(sys.argv[1]))
seconds = time.perf_counter() - started
def resident(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith(field))
loaded = resident("VmRSS")
row = {"text": "a line of a review " * 40, "image": Path(sys.argv[2]).read_bytes()}
inputs = {m: runtime.load(m, value) for m, value in row.items()}
runtime.predict([inputs] * 64)
assert "torch" not in sys.modules and "transformers" not in sys.modules
print(f"{seconds:.1f} {loaded:.0f} {resident('VmHWM'):.0f}")
"""


def choose(table: Table) -> tuple[Table, Table]:
    """Rows to train on and rows to judge by."""
    rows = np.random.default_rng(0).permutation(table.labelled)
    return table.take(rows[:TRAINED]), table.take(rows[TRAINED : TRAINED + EVALUATED])


def timed(work: Callable[[Table], Predicted], table: Table) -> tuple[Predicted, float]:
    work(table.take(range(16)))  # what happens only once is not measured
    started = time.perf_counter()
    predicted = work(table)
    return predicted, 1e3 * (time.perf_counter() - started) / len(table)


def folder_size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6


def measure(model: FusionClassifier, evaluated: Table, folder: Path) -> None:
    expected, speed = timed(lambda table: predict(model, table, cache=None), evaluated)
    print("| | max difference | same labels | accuracy | MB | ms a row | start s | resident MB |")
    print("|---|---|---|---|---|---|---|---|")
    accuracy = np.mean([a == b for a, b in zip(expected.labels, evaluated.labels, strict=True)])
    print(f"| PyTorch | | | {accuracy:.3f} | | {speed:.0f} | | |")
    image = next(value for value in evaluated.values["image"] if isinstance(value, Path))
    for precision in ("fp32", "int8"):
        exported = folder / precision
        export(model, exported, int8=precision == "int8")
        runtime = load_runtime(exported)
        found, speed = timed(
            lambda table, runtime=runtime: predict_table(runtime, table), evaluated
        )
        difference = np.abs(found.probabilities - expected.probabilities).max()
        same = np.mean([a == b for a, b in zip(found.labels, expected.labels, strict=True)])
        accuracy = np.mean([a == b for a, b in zip(found.labels, evaluated.labels, strict=True)])
        fresh = subprocess.run(
            [sys.executable, "-c", FRESH, exported, image],
            check=True,
            capture_output=True,
            text=True,
        )
        seconds, loaded, highest = fresh.stdout.split()
        print(
            f"| {precision} | {difference:.1e} | {same:.1%} | {accuracy:.3f} "
            f"| {folder_size(exported):.0f} | {speed:.0f} | {seconds} | {loaded}, {highest} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sample", choices=("lab", "vqa"))
    parser.add_argument("--data", type=Path, help="the folder of the lab")
    given = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        source = given.data if given.sample == "lab" else write_vqa(folder / "vqa")
        trained, evaluated = choose(read(source))
        recipe = load_recipe(RECIPES[given.sample])
        recipe = replace(recipe, training=replace(recipe.training, epochs=EPOCHS))
        model = train(
            trained,
            recipe,
            out=folder / "run",
            command="python benchmarks/parity.py",
            cache=FeatureCache(),
            report=lambda epoch: None,
        ).model
        measure(model, evaluated, folder)


if __name__ == "__main__":
    main()

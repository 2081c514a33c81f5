"""How time, memory and disk grow with the number of rows, on generated rows.

    python benchmarks/growth.py [--rows 1000,10000,100000]

Run by ``make growth``; writes benchmarks/results/growth.json. Each command is a process of its own,
whose peak memory the system tells (all resident pages, those of mapped files among them). A row is
a text of eight words and a vector of 16 numbers; the text is encoded by MiniLM.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from chiasm.utils.writing import write_json

RESULT = Path(__file__).parent / "results" / "growth.json"
WORDS = 8
WIDTH = 16
# Peak memory may grow by so much from the second number of rows to the last, in MB.
MOST_GROWTH = 300
# Time a row may differ by so much.
MOST_BEND = 0.1
FEATURES = ("--feature", "seen=seen.npy")


def write_rows(rows: int, folder: Path) -> None:
    """Texts that are all different, and features of which one tells the label."""
    chance = random.Random(0)
    words = [
        "".join(chance.choice("aeioulnrst") for _ in range(chance.randint(3, 7)))
        for _ in range(2000)
    ]
    seen = np.random.default_rng(0).normal(size=(rows, WIDTH)).astype(np.float32)
    np.save(folder / "seen.npy", seen)
    with (folder / "rows.csv").open("w", encoding="utf-8") as file:
        file.write("id,text,label\n")
        for row in range(rows):
            text = " ".join(chance.choices(words, k=WORDS))
            file.write(f"{row},{text},{'up' if seen[row, 0] > 0 else 'down'}\n")


def measure(arguments: Sequence[str], folder: Path) -> dict[str, float]:
    """Seconds and peak memory of a command."""
    command = [sys.executable, "-m", "chiasm", *arguments]
    environment = {**os.environ, "CHIASM_CACHE": str(folder / "cache")}
    started = time.perf_counter()
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    if status:
        raise RuntimeError((folder / "log.txt").read_text()[-3000:])
    seconds = time.perf_counter() - started
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_mb": round(used.ru_maxrss / 1024),
    }


def size_of(path: Path) -> float:
    """MB on the disk."""
    files = [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file()]
    return round(sum(file.stat().st_blocks * 512 for file in files) / 1e6, 1)


def grow(rows: int) -> dict[str, Any]:
    with TemporaryDirectory() as made:
        folder = Path(made)
        write_rows(rows, folder)
        data = ("rows.csv", *FEATURES)
        commands: dict[str, Sequence[str]] = {
            "check": ("check", *data),
            "encode": ("encode", *data),
            "train": ("train", *data, "--out", "model", "--epochs", "2"),
            "predict": ("predict", "model", *data, "--out", "predictions.csv"),
        }
        measured = {}
        for name, arguments in commands.items():
            measured[name] = measure(arguments, folder)
            print(f"{rows:>8,} {name:8} {measured[name]}", flush=True)
        disk = {name: size_of(folder / name) for name in ("rows.csv", "cache", "model")}
        with (folder / "predictions.csv").open() as file:
            if sum(1 for _ in file) != rows + 1:
                raise RuntimeError("predictions are not as many as rows")
    return {"rows": rows, "commands": measured, "disk_mb": disk}


def evaluate_systems(grown: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Of the last step: MB more, and the seconds a row against those of the step before.

    The seconds of a step, not all: to start Python takes as long for one row as for many.
    """
    first, second, last = grown[-3:]
    found = {}
    for name in last["commands"]:

        def seconds_a_row(low: dict[str, Any], high: dict[str, Any], name: str = name) -> float:
            spent = [x["commands"][name]["cpu_seconds"] for x in (low, high)]
            return (spent[1] - spent[0]) / (high["rows"] - low["rows"])

        peaks = [x["commands"][name]["peak_mb"] for x in (second, last)]
        bend = seconds_a_row(second, last) / seconds_a_row(first, second)
        found[name] = {"more_mb": peaks[1] - peaks[0], "seconds_a_row_ratio": round(bend, 3)}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="1000,10000,100000")
    given = parser.parse_args()
    numbers = sorted(map(int, given.rows.split(",")))
    grown = [grow(rows) for rows in numbers]
    evaluated = evaluate_systems(grown) if len(grown) > 2 else {}
    write_json(
        {
            "command": f"python benchmarks/growth.py --rows {given.rows}",
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "grown": grown,
            "judged": evaluated,
        },
        RESULT,
    )
    print(json.dumps(evaluated, indent=1))
    total = [name for name, one in evaluated.items() if one["more_mb"] > MOST_GROWTH]
    bent = [n for n, one in evaluated.items() if abs(one["seconds_a_row_ratio"] - 1) > MOST_BEND]
    print(f"grows by more than {MOST_GROWTH} MB: {total}, time a row differs: {bent}")
    return int(bool(total))


if __name__ == "__main__":
    sys.exit(main())

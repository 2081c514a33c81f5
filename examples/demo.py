"""From data to a judged model, one command after the other, each shown as you would type it.

Without an argument the data is a set of generated reviews; else it is your file or folder. What
comes out is in demo/. It is run by ``make demo`` and ``make demo DATA=path``.
"""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

OUT = Path("demo")
CHIASM = Path(sys.executable).with_name("chiasm")


def chiasm(*arguments: str | Path) -> None:
    words = [str(argument) for argument in arguments]
    print(f"\n$ chiasm {shlex.join(words)}", flush=True)
    done = subprocess.run([CHIASM, *words], check=False)
    if done.returncode:
        sys.exit(done.returncode)


def generate_reviews() -> Path:
    folder = OUT / "reviews"
    # truth.csv is written last: without it the folder is only half there.
    if not (folder / "truth.csv").exists():
        shutil.rmtree(folder, ignore_errors=True)
        chiasm("sample", "reviews", folder)
    return folder


def read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def best_model(comparison: Path) -> str:
    rows = read_json(comparison / "report.json")["rows"]
    trained = [row for row in rows if row["name"] != "majority"]
    return max(trained, key=lambda row: row["accuracy"]["mean"])["name"]


def main() -> None:
    OUT.mkdir(exist_ok=True)
    # Your own data gets the default care; for the generated reviews less is enough.
    quick: tuple[str, ...] = ()
    if len(sys.argv) > 1:
        data = new = Path(sys.argv[1])
    else:
        quick = ("--epochs", "18", "--folds", "3")
        reviews = generate_reviews()
        data, new = reviews / "reviews.csv", reviews / "unseen.csv"
    check, comparison, model = OUT / "check.json", OUT / "comparison", OUT / "model"
    chiasm("check", data, "--json", check)
    chiasm("compare", data, "--out", comparison, *quick)
    chiasm("train", data, "--fusion", best_model(comparison), "--out", model, *quick[:2])
    made = [comparison / "report.html", model / "report.html", model]
    if new != data or read_json(check)["unlabelled"]:
        # A folder's label file is filled in; of a table every row is predicted.
        predictions = OUT / ("predictions.txt" if new.is_dir() else "predictions.csv")
        chiasm("predict", model, new, "--out", predictions)
        made.append(predictions)
    print("\nDone. Look at:", *made, sep="\n  ")


if __name__ == "__main__":
    main()

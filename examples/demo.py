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


def best_fusion(report: Path) -> str:
    rows = json.loads(report.read_text(encoding="utf-8"))["rows"]
    models = [row for row in rows if row["name"] != "majority"]
    return max(models, key=lambda row: row["accuracy"]["mean"])["name"]


def predict(data: Path, new: Path) -> Path | None:
    """Predict the rows without a label, of which your own data may have none."""
    if new == data and not json.loads((OUT / "check.json").read_text(encoding="utf-8"))["unlabelled"]:
        return None
    predictions = OUT / ("predictions.txt" if new.is_dir() else "predictions.csv")
    chiasm("predict", OUT / "model", new, "--out", predictions)
    return predictions


def main() -> None:
    OUT.mkdir(exist_ok=True)
    if len(sys.argv) > 1:
        data = new = Path(sys.argv[1])
    else:
        folder = generate_reviews()
        data, new = folder / "reviews.csv", folder / "unseen.csv"
    comparison, model = OUT / "comparison", OUT / "model"
    chiasm("check", data, "--json", OUT / "check.json")
    chiasm("compare", data, "--out", comparison)
    chiasm("train", data, "--fusion", best_fusion(comparison / "report.json"), "--out", model)
    predictions = predict(data, new)

    print(f"\nReport       {comparison / 'report.md'}")
    for figure in sorted(comparison.glob("*.png")):
        print(f"Figure       {figure}")
    print(f"Model        {model}")
    print(f"Predictions  {predictions or 'none: every row has a label already'}")


if __name__ == "__main__":
    main()

"""Easy-VQA: questions about one drawn shape, from the package that ships them."""

import csv
import importlib.util
import shutil
from pathlib import Path

from chiasm.errors import DataError
from chiasm.samples.make_folder import make_folder
from chiasm.utils.writing import read_json


def write_vqa(out: Path) -> Path:
    """Write easy-VQA (Zhou, 2019) as ``vqa.csv`` and ``images/``; return the path of the CSV.

    Columns: question, image (relative path), answer, split (train or test, as published).

    Raises:
        DataError: the package is not installed, or ``out`` is not an empty folder.
    """
    # Found without importing it: the package's own code is not needed.
    package = importlib.util.find_spec("easy_vqa")
    if package is None or package.origin is None:
        raise DataError(
            "The vqa sample comes from the package easy-vqa, which is not installed. "
            'Run: pip install "chiasm[samples]"'
        )
    source = Path(package.origin).parent / "data"
    make_folder(out)
    path = out / "vqa.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("question", "image", "answer", "split"))
        for split in ("train", "test"):
            shutil.copytree(source / split / "images", out / "images" / split)
            questions = read_json(source / split / "questions.json")
            rows.writerows(
                (question, f"images/{split}/{image}.png", answer, split)
                for question, answer, image in questions
            )
    return path

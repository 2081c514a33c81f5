import csv
import importlib.util
import json
from pathlib import Path

import pytest

from chiasm.errors import DataError
from chiasm.samples import write_vqa


def test_every_question_of_the_package_is_written(tmp_path):
    spec = importlib.util.find_spec("easy_vqa")
    if spec is None or spec.origin is None:
        pytest.skip("easy-vqa is not installed")
    data = Path(spec.origin).parent / "data"
    path = write_vqa(tmp_path / "vqa")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for split in ("train", "test"):
        published = json.loads((data / split / "questions.json").read_text())
        written = [row for row in rows if row["split"] == split]
        assert [[row["question"], row["answer"]] for row in written] == [q[:2] for q in published]
        for row, (_, _, image) in zip(written[::2000], published[::2000], strict=True):
            copied = (path.parent / row["image"]).read_bytes()
            assert copied == (data / split / "images" / f"{image}.png").read_bytes()
    pictures = {p.relative_to(path.parent).as_posix() for p in path.parent.rglob("*.png")}
    assert {row["image"] for row in rows} <= pictures


def test_without_the_package_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r'pip install "chiasm\[samples\]"'):
        write_vqa(tmp_path / "vqa")
    assert not (tmp_path / "vqa").exists()

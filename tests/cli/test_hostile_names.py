"""Names that terminals, files and libraries stumble over go through every command."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import chiasm

# Not UTF-8, markup, a colour, an emoji's name, the order of letters turned.
FOLDER = os.fsdecode(b"d\xff[red]\x1b[31m:smile:\xe2\x80\xae")
ROW, LABEL = "r\x1b[2J[/x]", "[/x]\x1b]0;title\x07\u202e"
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of labels with controls in them."""
    folder = tmp_path_factory.mktemp("model")
    data = write_data(folder)
    given = ("--feature", "v=v", "--fusion", "v", "--epochs", 1)
    assert chiasm("train", data, *given, "--out", folder / "model") == 0
    return folder / "model"


def write_data(folder: Path) -> Path:
    numbers = np.random.default_rng(0).normal(size=(60, 3))
    rows = pd.DataFrame({"id": [ROW, *map(str, range(59))], "v": numbers.tolist()})
    rows["text"] = rows["id"]
    rows["label"] = np.where(numbers[:, 0] > 0, LABEL, "b")
    path = folder / os.fsdecode(b"t\xfe.jsonl")
    path.write_bytes(rows.to_json(orient="records", lines=True).encode())
    return path


@pytest.mark.parametrize(
    "command",
    [
        "check {data} --json {out}.json",
        "train {data} --fusion v --epochs 1 --out model",
        "compare {data} --epochs 1 --folds 2 --out {out}",
        "tune {data} --recipe {recipe} --trials 1 --folds 2 --epochs 1 --out tuned",
        "evaluate {model} {data} --json {out}.json --out {out}",
        "predict {model} {data} --out {out}.csv",
        "predict {model} {data} --out {out}.jsonl",
        "predict {model} {data} --out {out}.parquet",
        "predict {model} {data} --out {out}.txt",
        "explain {model} {data} --row {row} --out {out}",
        "explain {model} {data} --audit --rows 3 --out {out}",
    ],
)
def test_every_command_takes_them_and_shows_no_control_character(
    command: str,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / FOLDER
    folder.mkdir()
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("fusion: {name: text}\n")
    names = {"data": write_data(folder), "model": model, "recipe": recipe, "row": ROW}
    words = [word.format(out=folder / "o", **names) for word in command.split()]
    assert chiasm(*words, "--feature", "v=v") == 0
    for shown in capsys.readouterr():
        assert not CONTROLS.search(shown)
    for file in tmp_path.rglob("*"):
        if file.suffix in (".csv", ".html", ".json", ".jsonl", ".md", ".txt"):
            file.read_text(encoding="utf-8")
        if file.suffix == ".json":
            json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "command",
    [
        "train {data} --feature v=v --fusion v --out {out}",
        "tune {data} --feature v=v --recipe recipe.yaml --out {out}",
        "export {model} --out {out}",
        "predict {out} {data} --feature v=v --out p.csv",
        "evaluate {out} {data} --feature v=v",
    ],
)
def test_the_folder_of_a_model_has_to_be_named_in_utf8(
    command: str,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("recipe.yaml").write_text("fusion: {name: text}\n")
    names = {"data": write_data(tmp_path), "model": model, "out": FOLDER}
    assert chiasm(*[word.format(**names) for word in command.split()]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "is no path in UTF-8" in told
    assert not CONTROLS.search(told)


def test_usage_errors_and_the_cache_show_no_control_character(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHIASM_CACHE", str(tmp_path / FOLDER))
    assert chiasm("cache", "info") == 0
    assert chiasm("cache", "clear") == 0
    for words in (("check", "a.csv", ROW), ("check", f"--{ROW}"), (ROW,), ("serve", ROW)):
        assert chiasm(*words) in (1, 2)
    for shown in capsys.readouterr():
        assert not CONTROLS.search(shown)


def test_a_stdout_that_knows_few_signs_shows_the_others_as_numbers(tmp_path: Path) -> None:
    pd.DataFrame({"text": ["good", "bad"], "label": ["gut ☺", "schlecht"]}).to_csv(
        tmp_path / "rows.csv", index=False
    )
    done = subprocess.run(
        [sys.executable, "-m", "chiasm", "check", "rows.csv"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "gut \\u263a" in done.stdout

"""No command writes over what it reads."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import chiasm
from PIL import Image
from writing import WRITING, is_folder

from chiasm.errors import ChiasmError
from chiasm.estimators.classifier import Classifier


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data, and what looks like a model: it is refused before it is read."""
    monkeypatch.chdir(tmp_path)
    data, model = tmp_path / "data", tmp_path / "model"
    for each in (data, model):
        each.mkdir()
    Image.new("RGB", (40, 30), "red").save(data / "a.png")
    np.save(data / "visual.npy", np.eye(2))
    rows = {"id": ["a", "b"], "text": ["good", "bad"], "image": ["a.png", ""], "label": ["x", "y"]}
    pd.DataFrame(rows).to_csv(data / "table.csv", index=False)
    for name in ("config.json", "model.safetensors"):
        (model / name).write_text("{}")
    (tmp_path / "recipe.yaml").write_text("fusion: {name: text}\n")
    return tmp_path


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("call", [call for call in WRITING if call[0] != "sample"], ids=" ".join)
@pytest.mark.parametrize("link", [None, os.symlink], ids=["itself", "a link"])
def test_an_output_that_is_an_input_is_refused(
    call: tuple[str, ...], link: object, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read = ("model" if call[0] == "export" else "data") if is_folder(call) else "data/table.csv"
    if callable(link):
        name = "link" if is_folder(call) else "link.csv"
        link(folder / read, folder / name)
        read = name
    before = contents(folder)
    assert chiasm(*call, read) == 1
    assert "which is read" in " ".join(capsys.readouterr().err.split())
    assert contents(folder) == before


@pytest.mark.parametrize(
    "call",
    [
        # What the rows name.
        "check data/table.csv --json data/a.png",
        "check data/table.csv --feature visual=visual.npy --json data/visual.npy",
        "compare data/table.csv --recipe recipe.yaml --out .",
        "tune data/table.csv --recipe recipe.yaml --out .",
        "evaluate model data/table.csv --json model/config.json",
        "explain model data/table.csv --row a --training data/table.csv --out data",
        "check data/table.csv --recipe recipe.yaml --json recipe.yaml",
    ],
)
def test_all_that_a_command_reads_is_spared(
    call: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(folder)
    assert chiasm(*call.split()) == 1
    assert "which is read" in " ".join(capsys.readouterr().err.split())
    assert contents(folder) == before


def test_the_texts_and_lists_of_a_labs_folder_are_spared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = tmp_path / "lab"
    (lab / "data").mkdir(parents=True)
    (lab / "train.txt").write_text("guid,tag\n1,positive\n2,negative\n")
    for guid in ("1", "2"):
        (lab / "data" / f"{guid}.txt").write_text("a text")
    before = contents(lab)
    for written in ("train.txt", "data/1.txt"):
        assert chiasm("check", lab, "--json", lab / written) == 1
        assert "which is read" in " ".join(capsys.readouterr().err.split())
    assert contents(lab) == before
    assert chiasm("check", lab, "--json", lab / "check.json") == 0
    assert chiasm("check", lab, "--json", lab / "check.json") == 0


def test_a_model_is_not_saved_among_other_files(folder: Path) -> None:
    texts = [f"{word} {number}" for number in range(10) for word in ("good", "bad")]
    table = pd.DataFrame({"text": texts, "label": ["x", "y"] * 10})
    classifier = Classifier(fusion="text", epochs=1).fit(table[["text"]], table["label"])
    (folder / "data" / "README.md").write_text("of the data")
    with pytest.raises(ChiasmError, match="is not empty and holds no config"):
        classifier.save(folder / "data")
    classifier.save(folder / "saved")
    classifier.save(folder / "saved")
    assert (folder / "data" / "README.md").read_text() == "of the data"

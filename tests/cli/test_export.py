"""Exporting on the command line."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import chiasm

pytest.importorskip("onnxscript")


def test_an_exported_model_predicts_what_the_model_predicts(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reading = ("--feature", "visual=visual.npy")
    settings = ("--fusion", "visual", "--epochs", 1)
    model, exported = tmp_path / "model", tmp_path / "exported"
    assert chiasm("train", data, *reading, *settings, "--out", model) == 0
    assert chiasm("export", model, "--out", exported) == 0
    assert "checked against the model" in capsys.readouterr().err
    rows = pd.read_csv(data)
    visual = np.load(tmp_path / "visual.npy")
    visual[3] = np.nan
    np.save(tmp_path / "visual.npy", visual)
    filled = []
    for folder in (model, exported):
        assert chiasm("predict", folder, data, *reading, "--out", tmp_path / "out.csv") == 0
        filled.append(pd.read_csv(tmp_path / "out.csv"))
    pd.testing.assert_frame_equal(filled[0], filled[1], atol=1e-5)
    assert list(filled[1]["id"]) == list(rows["id"])
    assert list(np.flatnonzero(filled[1]["label"].isna())) == [3]
    # The same command goes over an earlier export, and over nothing else.
    assert chiasm("export", model, "--out", exported) == 0
    assert chiasm("export", exported, "--out", tmp_path / "again") == 1
    assert "There is no model in" in capsys.readouterr().err
    assert chiasm("export", model, "--out", model) == 1
    assert "which is read" in " ".join(capsys.readouterr().err.split())
    assert chiasm("export", model, "--out", tmp_path) == 1
    assert "is not empty and holds no manifest.json" in " ".join(capsys.readouterr().err.split())

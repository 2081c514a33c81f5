"""Tuning on the command line."""

from pathlib import Path

import pandas as pd
import pytest
from command_line import chiasm
from joblib import parallel_config

from chiasm.recipes.files import load_recipe


def test_the_best_recipe_is_written_and_can_be_trained(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reading = ("--feature", "visual=visual.npy")
    (tmp_path / "mine.yaml").write_text(
        "{encoders: {visual: precomputed-3}, fusion: {name: visual}}"
    )
    recipe = ("--recipe", tmp_path / "mine.yaml", "--epochs", 1)
    out = tmp_path / "tuning"
    # In this process: others would take half a minute to start.
    with parallel_config(backend="sequential"):
        options = ("--trials", 2, "--folds", 2, "--time", 5, "--out", out)
        assert chiasm("tune", data, *reading, *recipe, *options) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "2 of 2 trials, 0 of them pruned" in said
    assert "optimistic" in said
    assert {path.name for path in out.iterdir()} == {
        "recipe.yaml",
        "study.jsonl",
        "trials.csv",
        "trials.png",
        "tuning.json",
    }
    best = pd.read_csv(out / "trials.csv").sort_values("macro_f1", kind="stable").iloc[-1]
    assert load_recipe(out / "recipe.yaml").training.learning_rate == best["learning_rate"]
    model = tmp_path / "model"
    assert chiasm("train", data, *reading, "--recipe", out / "recipe.yaml", "--out", model) == 0

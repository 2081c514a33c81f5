"""What earlier versions wrote is still read, and gives what it gave.

``written_before`` was made by the version whose settings were called ``heads`` and whose trainable
layers were called ``tops``: a table and its features, a recipe, a model trained with LoRA on its
last block, an export of a model of features, and a cache of the texts' tokens.
"""

import json
import logging
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import pytest
from command_line import chiasm

from chiasm.recipes.files import load_recipe
from chiasm.training.run.record import RunRecord

WRITTEN = Path(__file__).parent / "written_before"


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False)


def test_a_recipe_has_the_settings_that_it_had() -> None:
    recipe = load_recipe(WRITTEN / "small.yaml")
    assert (recipe.fusion.dim, recipe.fusion.num_heads) == (8, 2)
    assert (recipe.trainable_blocks, recipe.lora) == ({"text": 1}, {"text": 1})


def test_a_model_predicts_what_it_predicted(tmp_path: Path) -> None:
    out = tmp_path / "predictions.csv"
    assert chiasm("predict", WRITTEN / "model", WRITTEN / "reviews.csv", "--out", out) == 0
    pd.testing.assert_frame_equal(read(out), read(WRITTEN / "model-predictions.csv"), atol=2e-4)


def test_an_export_predicts_what_it_predicted(tmp_path: Path) -> None:
    out = tmp_path / "predictions.csv"
    command = ("predict", WRITTEN / "exported", WRITTEN / "tones.csv", "--feature", "tone=tone.npy")
    assert chiasm(*command, "--out", out) == 0
    pd.testing.assert_frame_equal(read(out), read(WRITTEN / "exported-predictions.csv"), atol=2e-4)


def test_a_cache_is_not_encoded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(WRITTEN / "cache", tmp_path / "cache")
    monkeypatch.setenv("CHIASM_CACHE", str(tmp_path / "cache"))
    with caplog.at_level(logging.INFO, logger="chiasm"):
        assert chiasm("encode", WRITTEN / "texts.csv") == 0
    assert "0 encoded, 12 from the cache" in caplog.text


def test_a_run_of_the_same_settings_is_gone_on_with() -> None:
    written = json.loads((WRITTEN / "model" / "run.json").read_text("utf-8"))
    recipe = load_recipe(WRITTEN / "small.yaml")
    same = {part: written[part] for part in ("data", "encoders", "versions")}
    assert RunRecord("", asdict(recipe), **same).same_run(written)
    other = replace(recipe, fusion=replace(recipe.fusion, num_heads=4))
    assert not RunRecord("", asdict(other), **same).same_run(written)

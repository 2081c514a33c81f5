"""Precomputed features on the command line."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import chiasm


def test_features_are_modalities_of_the_names_they_are_given(data: Path, tmp_path: Path) -> None:
    reading = ("--feature", "visual=visual.npy", "--feature", "acoustic=sounds.npz:energy")
    out = tmp_path / "model"
    assert chiasm("train", data, *reading, "--epochs", 1, "--out", out) == 0
    record = json.loads((out / "run.json").read_text())
    assert record["recipe"]["encoders"]["acoustic"] == "precomputed-2"
    assert set(record["encoders"]) == {"visual", "acoustic"}
    # A feature that is not given is missing in every row.
    assert chiasm("predict", out, data, *reading[:2], "--out", tmp_path / "out.csv") == 0
    assert pd.read_csv(tmp_path / "out.csv")["label"].notna().all()
    assert chiasm("check", data, *reading, "--json", tmp_path / "check.json") == 0
    assert json.loads((tmp_path / "check.json").read_text())["present"] == {
        "visual": 40,
        "acoustic": 40,
    }


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["visual.npy"], "NAME=FILE_OR_COLUMN"),
        (["visual="], "NAME=FILE_OR_COLUMN"),
        (["a=visual.npy", "a=visual.npy"], "each name once"),
        (["text=visual.npy"], "cannot be named"),
        (["visual=nowhere.npy"], "file not found"),
    ],
)
def test_a_users_error_is_told_in_words(
    given: list[str], told: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [word for feature in given for word in ("--feature", feature)]
    assert chiasm("check", data, *options) == 1
    assert told in " ".join(capsys.readouterr().err.split())


def test_a_feature_that_looks_different_in_the_test_rows_is_told_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(0)
    table = pd.DataFrame({"label": np.arange(200) % 2, "split": ["train"] * 120 + ["test"] * 80})
    visual, acoustic = random.normal(size=(2, 200, 3))
    acoustic[:, 0] += 4 * table["label"]
    visual[:120, 0] += 6 * table["label"][:120]
    visual[120:, 0] += 3
    np.save(tmp_path / "visual.npy", visual)
    np.save(tmp_path / "acoustic.npy", acoustic)
    table.to_csv(tmp_path / "table.csv", index=False)
    np.save(tmp_path / "thermal.npy", random.normal(size=(200, 2)))
    names = ("visual", "acoustic", "thermal")
    reading = [word for name in names for word in ("--feature", f"{name}={name}.npy")]
    train = ("train", tmp_path / "table.csv", *reading, "--epochs", 1)
    looked_at = {}
    for name, more in {"kept": (), "left_out": ("--ignore-shifted",)}.items():
        assert chiasm(*train, *more, "--out", tmp_path / name) == 0
        told = " ".join(capsys.readouterr().err.split())
        assert "visual looks different in the test rows" in told
        assert told.count("looks different") == 1
        looked_at[name] = set(json.loads((tmp_path / name / "run.json").read_text())["encoders"])
    assert looked_at == {"kept": set(names), "left_out": {"acoustic", "thermal"}}


def test_of_rows_of_one_name_the_one_that_is_in_use_is_explained(tmp_path: Path) -> None:
    labels = ["down", *["up", "down"] * 20, "up"]
    ids = ["a", *map(str, range(40)), "a"]
    pd.DataFrame({"id": ids, "label": labels}).to_csv(tmp_path / "rows.csv", index=False)
    np.save(tmp_path / "visual.npy", np.random.default_rng(0).normal(size=(42, 3)))
    reading = ("--feature", "visual=visual.npy")
    model, why = tmp_path / "model", tmp_path / "why"
    arguments = ("--fusion", "visual", "--epochs", 1, "--out", model)
    assert chiasm("train", tmp_path / "rows.csv", *reading, *arguments) == 0
    arguments = ("--row", "a", "--out", why)
    assert chiasm("explain", model, tmp_path / "rows.csv", *reading, *arguments) == 0
    assert json.loads((why / "a.json").read_text())["label"] == "down"

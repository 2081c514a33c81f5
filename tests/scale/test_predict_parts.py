"""Predictions on a cluster are those of one process, whatever happens to the cluster."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ray.cluster_utils import Cluster

from chiasm.cli import run
from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import ChiasmError, DataError
from chiasm.fusion.build import FusionConfig
from chiasm.model.prediction_files import prediction_frame
from chiasm.model.predictions import predict
from chiasm.model.storage import load_model
from chiasm.scale.cluster import cluster
from chiasm.scale.predictions import predict_shards
from chiasm.training.config import TrainingConfig
from chiasm.training.recipe import Recipe
from chiasm.training.run.pipeline import train

from .conftest import NODE

ROWS, PART_ROWS = 410, 10
FEATURES = {"shown": "shown.npy"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of one feature, which tells the label; the third lacks it."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    shown = random.normal(size=(ROWS, 4))
    shown[2] = np.nan
    np.save(folder / "shown.npy", shown)
    labels = np.where(shown[:, 0] > 0, "up", "down")
    ids = [f"r{row}" for row in random.permutation(ROWS)]
    pd.DataFrame({"id": ids, "label": labels}).to_csv(folder / "rows.csv", index=False)
    return folder / "rows.csv"


@pytest.fixture(scope="module")
def table(data: Path) -> Table:
    return read(data, features=FEATURES)


@pytest.fixture(scope="module")
def model(table: Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "model"
    train(
        table,
        Recipe(
            fusion=FusionConfig(name="shown", dim=8, num_heads=2),
            training=TrainingConfig(epochs=2, learning_rate=0.01),
        ),
        out=out,
        command="test",
        cache=FeatureCache(),
        report=lambda epoch: None,
    )
    return out


@pytest.fixture(scope="module")
def expected(model: Path, table: Table) -> pd.DataFrame:
    return prediction_frame(predict(load_model(model), table, cache=None), table)


def check(out: Path, expected: pd.DataFrame) -> None:
    """Rows in are rows out, in their order, with the labels and probabilities of one process."""
    found = pd.read_parquet(out)
    assert list(found.columns) == list(expected.columns)
    for column in ("id", "label", "problem"):
        assert found[column].fillna("").tolist() == expected[column].fillna("").tolist()
    probabilities = [name for name in found if str(name).startswith("probability")]
    np.testing.assert_allclose(found[probabilities], expected[probabilities], rtol=0, atol=1e-5)
    manifest = json.loads((out / "_manifest.json").read_text())
    assert manifest["complete"]
    assert sum(part["rows"] for part in manifest["parts"]) == len(found) == ROWS


def test_a_node_that_dies_costs_no_row_and_what_is_lost_is_made_again(
    nodes: Cluster,
    data: Path,
    table: Table,
    model: Path,
    expected: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "parts"
    doomed = nodes.add_node(**NODE)
    done: list[int] = []

    def advance(rows: int) -> None:
        done.append(rows)
        if len(done) == 4:
            nodes.remove_node(doomed, allow_graceful=False)

    with cluster(nodes.address):
        predict_shards(model, table, str(out), rows_per_shard=PART_ROWS, advance=advance)
    assert done[0] == 0
    assert sum(done) == ROWS
    check(out, expected)

    (out / "part-00007.parquet").unlink()
    kept = {file: file.stat().st_mtime_ns for file in out.glob("*.parquet")}
    done.clear()
    monkeypatch.chdir(data.parent)
    with cluster(nodes.address):
        predict_shards(model, table, str(out), rows_per_shard=PART_ROWS, advance=done.append)
    assert done == [ROWS - PART_ROWS, PART_ROWS]
    assert all(file.stat().st_mtime_ns == written for file, written in kept.items())
    check(out, expected)


def test_the_command_writes_parts(
    nodes: Cluster, data: Path, model: Path, expected: pd.DataFrame, tmp_path: Path
) -> None:
    out = tmp_path / "parts"
    run_on = ("--engine", "ray", "--address", nodes.address)
    command = ("predict", model, data, "--feature", "shown=shown.npy", "--out", out, *run_on)
    with pytest.raises(SystemExit) as ended:
        run([str(argument) for argument in command])
    assert not ended.value.code
    check(out, expected)


def test_a_folder_without_a_model_is_refused_before_any_work(table: Table, tmp_path: Path) -> None:
    with pytest.raises(ChiasmError, match="There is no model in"):
        predict_shards(tmp_path, table, str(tmp_path / "parts"), advance=lambda rows: None)
    assert not (tmp_path / "parts").exists()


def test_a_sparse_network_is_refused_by_its_name(table: Table, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    os.truncate(tmp_path / "manifest.json", 1 << 40)
    with pytest.raises(ChiasmError, match=r"manifest\.json: a sparse file"):
        predict_shards(tmp_path, table, str(tmp_path / "out"), advance=lambda rows: None)


def test_rows_that_all_lack_what_the_model_looks_at_are_refused_where_asked(
    data: Path, model: Path, tmp_path: Path
) -> None:
    other = read(data, features={"other": "shown.npy"})
    with pytest.raises(DataError, match="The model looks at shown"):
        predict_shards(
            model, other, str(tmp_path / "parts"), advance=lambda rows: None, strict=True
        )
    assert not (tmp_path / "parts").exists()

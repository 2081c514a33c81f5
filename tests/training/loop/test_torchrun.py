"""Two processes train what one does."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from accelerate.data_loader import BatchSamplerShard
from torch.utils.data import BatchSampler

from chiasm.errors import ChiasmError
from chiasm.training.config import TrainingConfig
from chiasm.training.loop import fitting
from chiasm.training.loop.batches import LengthGrouped

RECIPE = """
fusion: {name: concat, dim: 16, dropout: 0.0, modality_dropout: 0.0}
training: {epochs: 3, batch_size: 32, learning_rate: 0.01}
"""
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of two features, one of which tells the label; 128 of them for training."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    rows = 192
    shown, heard = random.normal(size=(2, rows, 3))
    np.save(folder / "shown.npy", shown)
    np.save(folder / "heard.npy", heard)
    table = pd.DataFrame({"label": np.where(shown[:, 0] > 0, "up", "down")})
    table["split"] = ["train"] * 128 + ["validation"] * 64
    table.to_csv(folder / "rows.csv", index=False)
    (folder / "recipe.yaml").write_text(RECIPE)
    return folder


def train(data: Path, out: Path, *, processes: int) -> str:
    """What the command printed."""
    start = TORCHRUN if processes == 2 else ()
    command = ["-m", "chiasm", "train", data / "rows.csv", "--recipe", data / "recipe.yaml"]
    features = ("--feature", "shown=shown.npy", "--feature", "heard=heard.npy")
    done = subprocess.run(
        [sys.executable, *start, *map(str, command), *features, "--out", str(out)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def read(file: Path) -> Any:
    return json.loads(file.read_text())


def test_two_processes_come_to_the_metrics_of_one(data: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    said = {folder: train(data, folder, processes=n) for n, folder in ((1, one), (2, two))}
    history = {folder: pd.read_csv(folder / "history.csv") for folder in said}
    assert list(history[two]["epoch"]) == [1, 2, 3]
    # Each step has the rows that it has in one process; only the statistics of features differ.
    for column in ("train_loss", "validation_loss"):
        np.testing.assert_allclose(history[two][column], history[one][column], atol=0.03)
    scores = [read(folder / "metrics.json")["validation"] for folder in (one, two)]
    assert scores[0]["accuracy"] > 0.85
    assert scores[1]["accuracy"] == pytest.approx(scores[0]["accuracy"], abs=0.05)
    assert {f.name for f in two.iterdir()} == {f.name for f in one.iterdir()}
    # One process speaks for both.
    assert len(said[two].splitlines()) == len(said[one].splitlines())


@pytest.mark.parametrize("rows", [64, 70])
def test_two_processes_share_the_batches_of_one(rows: int) -> None:
    lengths = np.random.default_rng(0).integers(1, 50, rows).tolist()
    sampler = LengthGrouped(lengths, batch_size=8, seed=3)
    whole = list(BatchSampler(sampler, batch_size=8, drop_last=False))
    parts = BatchSampler(sampler, batch_size=4, drop_last=False)
    shards = [list(BatchSamplerShard(parts, 2, rank)) for rank in (0, 1)]
    shared = [first + second for first, second in zip(*shards, strict=True)]
    assert shared[: rows // 8] == whole[: rows // 8]
    assert set(whole[-1]) <= set(shared[-1])


def test_a_batch_that_cannot_be_shared_evenly_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "distributed_state", lambda: SimpleNamespace(num_processes=3))
    with pytest.raises(ChiasmError, match="`batch_size` a multiple of 3"):
        fitting._arguments(TrainingConfig(), 1, tmp_path, selection="log_loss")

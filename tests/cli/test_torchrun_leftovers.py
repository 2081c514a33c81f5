"""Variables that torchrun left over elsewhere do not silence or stop a command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chiasm.cli.torchrun import forget_leftovers

ALL = {
    "RANK": "1",
    "LOCAL_RANK": "1",
    "WORLD_SIZE": "2",
    "MASTER_ADDR": "127.0.0.1",
    "MASTER_PORT": "29500",
}


@pytest.fixture(autouse=True)
def none_left(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ALL:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "left",
    [{"RANK": "1"}, {"RANK": ""}, {"LOCAL_RANK": "0"}, {"WORLD_SIZE": "4"}, ALL | {"RANK": "abc"}],
)
def test_leftovers_are_dropped(left: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in left.items():
        monkeypatch.setenv(name, value)
    forget_leftovers()
    assert not ALL.keys() & os.environ.keys()


def test_what_torchrun_says_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ALL.items():
        monkeypatch.setenv(name, value)
    forget_leftovers()
    assert {name: os.environ[name] for name in ALL} == ALL


@pytest.mark.parametrize("left", [{"RANK": "1"}, {"RANK": ""}, {"RANK": "abc"}])
def test_a_command_is_not_silent_beside_leftovers(left: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,label\ngood,yes\nbad,no\n")
    done = subprocess.run(
        [sys.executable, "-m", "chiasm", "check", "rows.csv"],
        cwd=tmp_path,
        env=os.environ | left,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "majority baseline" in done.stdout


def test_a_model_is_trained_beside_leftovers(tmp_path: Path) -> None:
    rows = "".join(f"good thing {i},yes\nbad thing {i},no\n" for i in range(20))
    (tmp_path / "rows.csv").write_text(f"text,label\n{rows}")
    command = "train rows.csv --fusion text --epochs 1 --out model"
    done = subprocess.run(
        [sys.executable, "-m", "chiasm", *command.split()],
        cwd=tmp_path,
        env=os.environ | {"LOCAL_RANK": "0"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "model" / "metrics.json").exists()

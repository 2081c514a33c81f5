"""Variables that torchrun left over elsewhere do not silence or stop a command."""

import os

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

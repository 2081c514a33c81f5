"""No two processes write to one place: the second is told so before any work."""

from pathlib import Path

import pytest
from command_line import chiasm

from chiasm.sole_writer import sole_writer


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (["check", "data.csv"], "--json"),
        (["evaluate", "model", "data.csv"], "--json"),
        (["evaluate", "model", "data.csv"], "--out"),
        (["explain", "model", "data.csv", "--audit"], "--out"),
        (["explain", "model", "data.csv", "--row", "1"], "--out"),
    ],
)
def test_an_output_that_another_process_writes_is_refused(
    command: list[str],
    option: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with sole_writer(Path("taken"), folder=option == "--out"):
        assert chiasm(*command, option, "taken") == 1
    assert "Another process is writing to taken" in capsys.readouterr().err

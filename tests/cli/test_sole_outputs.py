"""No two processes write to one place: the second is told so before any work."""

from pathlib import Path

import pytest
from command_line import chiasm
from typer.main import get_command
from writing import WRITING, is_folder

from chiasm.cli.app import app
from chiasm.utils.locking import exclusive_lock


def test_every_command_that_names_an_output_is_tried() -> None:
    written = {
        (name, parameter.opts[-1] if parameter.param_type_name == "option" else "argument")
        for name, command in get_command(app).commands.items()  # type: ignore[attr-defined]
        for parameter in command.params
        if parameter.name in ("out", "json")
    }
    tried = {(call[0], call[-1] if call[-1].startswith("--") else "argument") for call in WRITING}
    assert written == tried


@pytest.mark.parametrize("call", WRITING, ids=" ".join)
def test_an_output_that_another_process_writes_is_refused(
    call: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "table.csv").write_text("text,label\n")
    taken = "taken" if is_folder(call) else "taken.csv"
    with exclusive_lock(Path(taken), folder=is_folder(call)):
        assert chiasm(*call, taken) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert f"Another process is writing to {taken}" in told

"""The library speaks of arguments, the command line of options."""

import logging
import re
from pathlib import Path

import pandas as pd
import pytest
import typer.main
from command_line import chiasm as command_line

import chiasm
from chiasm.cli.app import app
from chiasm.cli.option_names import OPTIONS, OptionFormatter
from chiasm.errors import ChiasmError

SOURCE = Path(chiasm.__file__).parent
# They are the command line: its own words are of options.
FACES = (SOURCE / "cli", SOURCE / "serving", SOURCE / "samples")


def options() -> set[str]:
    commands = typer.main.get_command(app).commands.values()
    return {option for c in commands for parameter in c.params for option in parameter.opts}


def test_every_option_that_stands_for_an_argument_is_there() -> None:
    assert {*OPTIONS.values()} <= options()


def test_the_library_names_no_option() -> None:
    library = [p for p in SOURCE.rglob("*.py") if not {*FACES} & {*p.parents}]
    named = {o for p in library for o in re.findall(r"--[a-z][a-z-]+", p.read_text("utf-8"))}
    # That which every program has is of the launcher that is mentioned.
    assert named & options() <= {"--help"}


def test_an_error_names_the_argument_in_python_and_the_option_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = pd.DataFrame({"note": ["a", "b"], "label": ["x", "y"]})
    with pytest.raises(ChiasmError, match="name it with `text`, `image` or `audio`"):
        chiasm.read(rows)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    assert command_line("check", tmp_path / "rows.csv") == 1
    assert "name it with --text, --image or --audio" in " ".join(capsys.readouterr().err.split())


def test_so_does_a_line_of_the_log() -> None:
    record = logging.LogRecord("chiasm", logging.INFO, "", 0, "Give `on_bad` keep.", None, None)
    assert OptionFormatter("%(message)s").format(record) == "Give --on-bad keep."

"""What the targets of the Makefile do."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def steps(target: str) -> str:
    """The commands that a target would run on a new machine."""
    if shutil.which("make") is None or not (ROOT / "Makefile").exists():
        pytest.skip("make or the Makefile is not here")
    call = ["make", "--dry-run", "--always-make", target]
    return subprocess.run(call, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_what_is_installed_without_bytecode_is_compiled_once() -> None:
    # Where no bytecode may be written, each command would begin seconds later otherwise.
    said = steps("venv")
    assert said.count("compileall") == 1
    assert "pip install --no-compile" in said.partition("compileall")[0]

"""Where only what serves is installed: a server answers, and all else says what is missing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

# What training brings, and requirements-serve.txt does not.
PACKAGES = (
    *("accelerate", "captum", "datasets", "imagehash", "lmdb", "matplotlib", "onnx", "onnxscript"),
    *("optuna", "pandas", "peft", "pyarrow", "ray", "safetensors", "scipy", "sklearn"),
    *("tensorboard", "torch", "transformers"),
)
DATA, MODEL = "rows.csv", "model"
COMMANDS = {
    "check": [DATA],
    "compare": [DATA, "--out", "new"],
    "train": [DATA, "--out", "new"],
    "tune": [DATA, "--out", "new"],
    "evaluate": [MODEL, DATA],
    "predict": [MODEL, DATA, "--out", "new.csv"],
    "encode": [DATA],
    "explain": [MODEL, DATA, "--out", "new"],
    "export": [MODEL, "--out", "new"],
    "serve": [MODEL, "--port", "0"],
    "cache": ["info"],
}
# What a server's machine is enough for.
ENOUGH = {"recipes", "sample"}
TRY = """
import json, sys
packages, commands = json.loads(sys.argv[1])
sys.modules.update(dict.fromkeys(packages))  # an import of these fails

import typer.main
from typer.testing import CliRunner
import chiasm
import chiasm.serving.serve
from chiasm.cli.app import app

said = {"commands": list(typer.main.get_command(app).commands)}
for name, arguments in commands.items():
    error = CliRunner().invoke(app, [name, *arguments]).exception
    said[name] = [type(error).__name__, str(error)]
for name in chiasm.__all__:
    try:
        getattr(chiasm, name)
    except Exception as error:
        said[f"chiasm.{name}"] = [type(error).__name__, str(error)]
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """How each command, and each public name, ended there."""
    folder = tmp_path_factory.mktemp("data")
    (folder / DATA).write_text("text,label\na,0\nb,1\n")
    (folder / MODEL).mkdir()
    (folder / MODEL / "config.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-c", TRY, json.dumps([PACKAGES, COMMANDS])],
        cwd=folder,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_no_command_is_forgotten_here(said: dict[str, list[str]]) -> None:
    assert set(said["commands"]) == COMMANDS.keys() | ENOUGH


@pytest.mark.parametrize("work", [*COMMANDS, "chiasm.Classifier", "chiasm.check", "chiasm.read"])
def test_what_needs_the_rest_says_what_to_install_and_what_goes_without(
    said: dict[str, list[str]], work: str
) -> None:
    kind, words = said[work]
    assert kind == "ChiasmError"
    assert "not installed here" in words
    assert "pip install" in words
    assert "chiasm export" in words


def test_a_model_that_is_not_exported_is_told_where_to_export_it(
    said: dict[str, list[str]],
) -> None:
    assert f"chiasm export {Path(MODEL)}" in said["serve"][1]

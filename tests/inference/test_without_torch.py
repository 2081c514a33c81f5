"""The runtime where nothing else is installed than what it asks for."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxscript")
from chiasm.exporting.folder import export
from chiasm.inference.runtime import load_runtime

from .feature_models import make_model

ROOT = Path(__file__).parents[2]
PREDICT = """
import sys
from importlib.util import find_spec
from pathlib import Path
import numpy as np
assert not any(map(find_spec, ("torch", "transformers", "pandas", "scipy", "sklearn")))
from chiasm.inference.runtime import load_runtime
runtime = load_runtime(Path(sys.argv[1]))
(row,) = runtime.predict([{"visual": runtime.load("visual", np.ones((2, 3)))}])
print(row.probabilities["good"])
"""


@pytest.mark.slow
def test_it_predicts_in_an_environment_without_torch(tmp_path: Path) -> None:
    export(make_model("late"), tmp_path / "exported")
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile")
    requirements, versions = ROOT / "requirements-runtime.txt", ROOT / "constraints.txt"
    run(*pip, "--requirement", requirements, "--constraint", versions)
    run(*pip, "--no-deps", ROOT)
    found = run(python, "-c", PREDICT, tmp_path / "exported")
    runtime = load_runtime(tmp_path / "exported")
    (row,) = runtime.predict([{"visual": runtime.load("visual", np.ones((2, 3)))}])
    assert float(found) == pytest.approx(row.probabilities["good"], abs=1e-6)


def run(*command: object) -> str:
    words = [str(word) for word in command]
    # Not this tree's sources, but what was installed.
    done = subprocess.run(
        words, check=True, capture_output=True, text=True, timeout=180, cwd="/", env={}
    )
    return done.stdout

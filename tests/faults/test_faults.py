"""A slice of ``make faults``: the same trials, a few of them, on the cheapest command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="kills need Linux")
def test_a_killed_training_goes_on_and_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    out = tmp_path / "faults.json"
    trials = ("--only", "train", "--scenario", "staged", "--kills", "3")
    # In a process of its own, since this one has computed tensors and may have threads.
    command = [sys.executable, "benchmarks/faults.py", *trials, "--out", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT / "src"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads(out.read_text())["table"]["kill -9 in train"]
    assert counts == {"tried": 3, "survived": 3, "lost": 0}

"""Importing and calling the library changes nothing of the process that it runs in."""

import json
import subprocess
import sys

SCRIPT = """
import ctypes, importlib, json, logging, os, pkgutil, sys, warnings
# Some libraries set variables when they are imported, whoever imports them.
import accelerate, datasets, optuna, ray, sklearn, torch, torch._inductor.config, transformers

calls = []
class CDLL(ctypes.CDLL):
    def __getattr__(self, name):
        if name == "mallopt":
            calls.append(name)
        return super().__getattr__(name)
ctypes.CDLL = CDLL

def state():
    names = ("", "chiasm", "transformers", "accelerate", "optuna", "torch", "PIL", "ray")
    return {
        "environment": dict(os.environ),
        "levels": {name: logging.getLogger(name).level for name in names},
        "handlers": {name: len(logging.getLogger(name).handlers) for name in names},
        "bar": transformers.utils.logging.is_progress_bar_enabled(),
        "threads": torch.get_num_threads(),
        "filters": sum(f[2] is UserWarning for f in warnings.filters),
        "mallopt": len(calls),
    }

torch.set_num_threads(2)
before = state()
import chiasm
for module in pkgutil.walk_packages(chiasm.__path__, "chiasm."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
imported = state()
import pandas as pd
rows = pd.DataFrame({"text": [f"{w} {i}" for i in range(10) for w in ("good", "bad")]})
model = chiasm.Classifier(fusion="text", epochs=1).fit(rows, ["p", "n"] * 10)
model.predict(rows)
model.explain(rows[:2])
print(json.dumps([before, imported, state()]))
"""


def test_importing_and_calling_changes_nothing_process_wide() -> None:
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True
    )
    before, imported, used = json.loads(found.stdout.splitlines()[-1])
    assert imported == before
    assert used == before

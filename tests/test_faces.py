"""No package hides a function of the same name."""

import subprocess
import sys

SCRIPT = """
import importlib, pkgutil, types
import chiasm
for module in pkgutil.walk_packages(chiasm.__path__, "chiasm."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for name in chiasm.__all__:
    assert not isinstance(getattr(chiasm, name), types.ModuleType), name
# Verbs that are, or will be, functions: packages are nouns.
verbs = "read check sample encode train compare tune evaluate predict explain export load"
assert not {name for _, name, _ in pkgutil.iter_modules(chiasm.__path__)} & set(verbs.split())
"""


def test_public_functions_are_there_when_all_packages_are_imported() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)

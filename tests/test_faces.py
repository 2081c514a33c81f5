"""No package hides a function of the same name."""

import subprocess
import sys

SCRIPT = """
import importlib, pkgutil, types
import chiasm
for module in pkgutil.walk_packages(chiasm.__path__, "chiasm."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
modules = {n for n in chiasm.__all__ if isinstance(getattr(chiasm, n), types.ModuleType)}
assert modules == {"nn"}, modules
# Verbs that are, or will be, functions: packages are nouns.
verbs = "read check sample encode train compare tune evaluate predict explain export load"
assert not {name for _, name, _ in pkgutil.iter_modules(chiasm.__path__)} & set(verbs.split())
"""


# What a notebook needs is shown at once, and loaded when it is used.
SHOWN = """
import sys
import chiasm
assert {*chiasm.__all__} <= {*dir(chiasm)}
assert not {"torch", "pandas", "transformers"} & sys.modules.keys()
assert chiasm.nn.TriModalFusion
"""


def test_public_functions_are_there_when_all_packages_are_imported() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)


def test_public_names_are_shown_without_loading_what_they_need() -> None:
    subprocess.run([sys.executable, "-c", SHOWN], check=True)

"""Install each extra of chiasm alone, and see that what it is for works.

    python benchmarks/extras.py [NAME ...]

Run by ``make extras``, before a release. Each extra gets an environment of its own with the
versions of constraints.txt. ``none`` is chiasm without any; ``lowest`` has all extras, in the
lowest versions that pyproject.toml allows, but for torch, of which older ones bring gigabytes of
CUDA. Ends with status 1 where an installation or a test fails, or where a test is skipped, which
would test nothing.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import requires
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
# What the tests themselves import.
TOOLS = ("pytest", "hypothesis", "httpx")
# The quick tests of each extra, as arguments of pytest.
TESTS: dict[str, tuple[str, ...]] = {
    "none": (
        "tests/utils/test_extras.py",
        "tests/data/readers/test_read_tabular.py",
        "tests/data/test_table.py",
    ),
    "packaged": (
        "tests/encoders/packaged/test_weights.py",
        "tests/encoders/packaged/test_minilm.py",
        "tests/encoders/packaged/test_efficientnet.py",
        "tests/encoders/packaged/test_whisper_network.py",
    ),
    "audio": (
        "tests/data/media/test_sounds.py",
        "tests/data/media/test_read_sounds.py",
        "-k",
        "not dataset",
    ),
    "samples": ("tests/samples/test_vqa.py",),
    "datasets": (
        "tests/data/readers/test_read_arrow.py",
        "tests/data/readers/test_read_memory.py",
        *("-k", "datasets and not audio"),
    ),
    "tensorboard": ("tests/training/run/test_train_features.py", "-k", "tensorboard"),
    "tune": ("tests/training/search/test_tune.py",),
    "explain": ("tests/explanation/test_attribution.py", "tests/inference/test_shapley.py"),
    "lora": ("tests/encoders/test_lora.py", "-k", "not minilm and not lite0"),
    "scale": ("tests/scale/test_part_folder.py", "tests/scale/test_encode_on_ray.py"),
    # But for the tests that make networks, which needs the package onnx.
    "runtime": ("tests/inference/test_open_session.py", "-k", "refused or restored"),
    "export": ("tests/exporting/test_export.py", "tests/inference/test_runtime.py"),
    "serve": ("tests/serving/test_predict.py", "tests/serving/test_batch.py"),
}
LOWEST = "lowest"


def main() -> int:
    names = sys.argv[1:] or [*TESTS, LOWEST]
    unknown = {*names} - {*TESTS, LOWEST}
    if unknown:
        print(f"There is no extra {', '.join(unknown)}. Choose from {', '.join(TESTS)}, {LOWEST}.")
        return 2
    failed = [name for name in names if not works(name)]
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return bool(failed)


def works(name: str) -> bool:
    """Whether the extra can be installed and passes its tests, with a line that says so."""
    started = time.perf_counter()
    with TemporaryDirectory(prefix=f"chiasm-{name}-") as folder:
        python, versions = Path(folder) / "bin" / "python", Path(folder) / "constraints.txt"
        extra = {"none": "", LOWEST: "[all]"}.get(name, f"[{name}]")
        wanted = ("--constraint", versions, f"{ROOT}{extra}", *TOOLS)
        fault = run(sys.executable, "-m", "venv", folder)
        versions.write_text(lowest() if name == LOWEST else CONSTRAINTS.read_text())
        fault = (
            fault
            or run(python, "-m", "pip", "install", "--quiet", "--no-compile", *wanted)
            or run(python, "-m", "chiasm", "--help")
            or run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests(name))
        )
    print(f"{name}: {fault or 'works'} ({time.perf_counter() - started:.0f} s)", flush=True)
    return fault is None


def lowest() -> str:
    """The lowest versions that pyproject.toml allows, and the torch of constraints.txt."""
    found = (re.match(r"([\w.-]+).*?>=([\d.]+)", word) for word in requires("chiasm") or ())
    bounds = {match[1]: f"{match[1]}=={match[2]}" for match in found if match}
    bounds["torch"] = CONSTRAINTS.read_text().splitlines()[0]
    return "\n".join(bounds.values())


def tests(name: str) -> Sequence[str]:
    if name != LOWEST:
        return TESTS[name]
    files = [word for words in TESTS.values() for word in words if word.endswith(".py")]
    return list(dict.fromkeys(files))


def run(*command: object) -> str | None:
    """What went wrong with a command, its last lines; None: nothing did."""
    words = [str(word) for word in command]
    # Not this tree's sources, but what was installed.
    setting = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(words, cwd=ROOT, env=setting, capture_output=True, text=True)
    if done.returncode == 0 and not re.search(r"\d+ skipped", done.stdout):
        return None
    return f"{' '.join(words)}\n{(done.stdout + done.stderr)[-3000:]}"


if __name__ == "__main__":
    sys.exit(main())

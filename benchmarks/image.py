"""The steps of the Dockerfile without Docker, under the limits of compose.yaml.

    python benchmarks/image.py EXPORTED [PYTHON]

As root on Linux. Carries out what the Dockerfile does in a new folder, then serves the exported
model from it as user 10001 without capabilities, in a read-only file system of its own, with 1 GiB
of memory, 100 processes and two cores as control groups (version 1) bound them, and sends 1,000
varied requests. Simulated: the base image, in whose place PYTHON is one of this machine that all
users may run, and the network namespace.
Writes benchmarks/image.json.
"""

import io
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from chiasm.utils.writing import write_json

ROOT = Path(__file__).parents[1]
RESULT = Path(__file__).parent / "image.json"
USER = "10001"
REQUESTS = 1000
PORT = 8765
GROUPS = Path("/sys/fs/cgroup")
# What compose.yaml says, as the first version of control groups calls it.
LIMITS = {
    "memory": {"memory.limit_in_bytes": str(1 << 30)},
    "pids": {"pids.max": "100"},
    "cpu": {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "200000"},
}
SERVE = """
set -e
for group in {groups}; do echo $$ > $group/cgroup.procs; done
mount --make-rprivate /
mount -t tmpfs -o size=64m tmpfs /dev/shm
mount -o remount,bind,ro /
exec setpriv --reuid {user} --regid {user} --clear-groups --no-new-privs \
    --bounding-set=-all --inh-caps=-all \
    env -i PATH={root}/opt/chiasm/bin PYTHONUNBUFFERED=1 \
    chiasm serve {model} --host 0.0.0.0 --port {port} --no-key
"""


def main() -> None:
    exported = Path(sys.argv[1]).resolve()
    root = Path(tempfile.mkdtemp(prefix="image-"))
    try:
        root.chmod(0o755)
        build(root, sys.argv[2] if len(sys.argv) > 2 else sys.executable)
        shutil.copytree(exported, root / "model")
        with control_groups() as groups:
            figures = serve(root, groups)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print(figures)
    write_json(figures, RESULT)


def build(root: Path, python: str) -> None:
    """Each step of the Dockerfile's first part."""
    source, place = root / "source", root / "opt" / "chiasm"
    source.mkdir()
    for name in ("requirements-runtime.txt", "requirements-serve.txt", "constraints.txt"):
        shutil.copy(ROOT / name, source)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__"))
    pip = [place / "bin" / "pip", "install", "--quiet", "--no-compile"]
    run(python, "-m", "venv", "--upgrade-deps", place)
    run(*pip, "-r", source / "requirements-serve.txt", "-c", source / "constraints.txt")
    run(*pip, "--no-deps", source)
    run(place / "bin" / "python", "-m", "compileall", "-q", "-j", "0", place / "lib")


def run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True)


@contextmanager
def control_groups() -> Iterator[list[Path]]:
    groups = []
    try:
        for kind, limits in LIMITS.items():
            group = GROUPS / kind / "chiasm-image"
            group.mkdir(exist_ok=True)
            groups.append(group)
            for name, limit in limits.items():
                (group / name).write_text(limit)
        yield groups
    finally:
        for group in groups:
            with suppress(OSError):
                group.rmdir()


def serve(root: Path, groups: list[Path]) -> dict[str, Any]:
    script = SERVE.format(
        groups=" ".join(map(str, groups)), user=USER, root=root, model=root / "model", port=PORT
    )
    log = root / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script], stderr=file
        )
    url = f"http://127.0.0.1:{PORT}"
    try:
        wait_for(url, process, log)
        statuses: Counter[str] = Counter()
        threads = 0
        with httpx.Client(base_url=url, timeout=60) as client:
            for number in range(REQUESTS):
                kind, answer = ask(client, number)
                statuses[f"{kind}: {answer}"] += 1
                threads = max(threads, int((groups[1] / "pids.current").read_text()))
        faults = [line for line in log.read_text().splitlines() if '"level": "error"' in line]
        process.terminate()
        status = process.wait(60)
    finally:
        process.kill()
    peak = int((groups[0] / "memory.max_usage_in_bytes").read_text()) >> 20
    return {
        "requests": REQUESTS,
        "answers": dict(sorted(statuses.items())),
        "peak with files in memory, MiB": peak,
        "threads and processes at most": threads,
        "exit status": status,
        "errors in the log": len(faults),
    }


def wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 60
    while True:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{url}/readyz", timeout=1).is_success:
                return
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"The server did not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.1)


def ask(client: httpx.Client, number: int) -> tuple[str, int]:
    """One of seven kinds of request, and its status."""
    kind = ("text", "photo", "both", "explained", "batch", "bad photo", "bad row")[number % 7]
    text, photo = {"text": (None, f"good {number}")}, {"image": image(number)}
    if kind == "batch":
        lines = "\n".join(f'{{"text": "bad {number} {line}"}}' for line in range(20))
        headers = {"Content-Type": "application/jsonl"}
        return kind, client.post("/v1/batch", content=lines, headers=headers).status_code
    if kind == "explained":
        return kind, client.post("/v1/explain", files={**text, **photo}).status_code
    if kind == "bad row":
        return kind, client.post("/v1/predict", json={"smell": number}).status_code
    sent = {
        "text": text,
        "photo": photo,
        "both": {**text, **photo},
        "bad photo": {"image": image(number)[: 100 + number]},
    }[kind]
    return kind, client.post("/v1/predict", files=sent).status_code


def image(number: int) -> bytes:
    size = (64 + 7 * (number % 90), 48 + 5 * (number % 70))
    pixels = np.random.default_rng(number).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, ("JPEG", "PNG", "WEBP")[number % 3])
    return file.getvalue()


if __name__ == "__main__":
    main()

"""What a container is promised: the memory and the processes of the server and all it starts."""

import io
import signal
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
import torch
from PIL import Image

from chiasm.encoders.registry import load_encoder
from chiasm.fusion.build import FusionConfig
from chiasm.model.classifier import FusionClassifier
from chiasm.tasks.multiclass import Multiclass

pytest.importorskip("onnxscript")
pytestmark = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").is_file(), reason="the system tells no memory of processes"
)
# Of compose.yaml and docs/deploy.md.
MEBIBYTES, PROCESSES = 1000, 100


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of three modalities with the packaged encoders, not trained."""
    from chiasm.exporting.folder import export

    pytest.importorskip("onnxscript")
    torch.manual_seed(0)
    names = {"text": "minilm", "image": "efficientnet-lite2", "audio": "whisper-tiny"}
    model = FusionClassifier(
        encoders={m: load_encoder(m, name) for m, name in names.items()},
        fusion=FusionConfig(dim=128),
        task=Multiclass(("a", "b")),
    )
    folder = tmp_path_factory.mktemp("model") / "exported"
    export(model.eval(), folder)
    return folder


class Tree:
    """A server, and how much it and all its processes have together."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.mebibytes = self.threads = 0
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def _watch(self) -> None:
        while self._process.poll() is None:
            pids = self._pids()
            self.mebibytes = max(self.mebibytes, sum(map(_pss, pids)) >> 10)
            self.threads = max(self.threads, sum(map(_threads, pids)))
            time.sleep(0.03)

    def _pids(self) -> list[int]:
        parents = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                said = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(folder.name)] = int(said[1])
        found = [self._process.pid]
        for one in found:
            found += [pid for pid, parent in parents.items() if parent == one]
        return found


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _threads(pid: int) -> int:
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return 0


@pytest.fixture
def served(exported: Path, tmp_path: Path) -> Iterator[tuple[httpx.Client, Tree]]:
    log = tmp_path / "log"
    command = (sys.executable, "-m", "chiasm", "serve", exported, "--port", "0")
    with log.open("wb") as file:
        process = subprocess.Popen(list(map(str, command)), stderr=file)
    try:
        until = time.monotonic() + 60
        while b"listening" not in log.read_bytes():
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        url = log.read_text().rpartition('"url": "')[2].partition('"')[0]
        with httpx.Client(base_url=url, timeout=120) as client:
            client.post("/v1/predict", json={"text": "good"}).raise_for_status()
            yield client, Tree(process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def large_image() -> bytes:
    """25 megapixels with transparency in a few bytes."""
    file = io.BytesIO()
    Image.new("RGBA", (5000, 5000), (1, 2, 3, 100)).save(file, "WEBP", lossless=True, quality=0)
    return file.getvalue()


def audio() -> bytes:
    file = io.BytesIO()
    samples = np.random.default_rng(0).integers(-9000, 9000, 30 * 16_000, dtype=np.int16)
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(16_000)
        written.writeframes(samples.tobytes())
    return file.getvalue()


def test_memory_and_processes_stay_within_what_is_promised(
    served: tuple[httpx.Client, Tree],
) -> None:
    client, tree = served
    image, noise = large_image(), audio()
    rows = [
        {"text": (None, "good " * 3000), "image": image, "audio": noise},
        {"image": image},
        {"text": (None, "good"), "audio": noise},
    ]
    with ThreadPoolExecutor(12) as pool:
        asked = [
            pool.submit(client.post, f"/v1/{route}", files=row)
            for route in ("explain", "predict")
            for row in rows
            for _ in range(3)
        ]
        beside = []
        for _ in range(10):
            begun = time.monotonic()
            client.post("/v1/predict", json={"text": "good"}).raise_for_status()
            beside.append(time.monotonic() - begun)
        answers = [one.result().status_code for one in asked]
    assert set(answers) <= {200, 429, 503}
    assert answers.count(200) >= 6
    assert sorted(beside)[5] < 5
    assert tree.mebibytes < MEBIBYTES
    assert tree.threads < PROCESSES


def test_bodies_just_below_the_limit_are_counted_together(
    served: tuple[httpx.Client, Tree],
) -> None:
    client, tree = served
    most = (16 << 20) - 200
    bodies = [
        ('{"text":"' + "a" * most + '👍"}').encode(),
        ('{"image":"' + "A" * most + '👍"}').encode(),
        b'{"text":[' + b"{}," * (most // 3) + b"0]}",
    ]
    with ThreadPoolExecutor(24) as pool:
        asked = [
            pool.submit(client.post, f"/v1/{path}", content=body, headers={"Content-Type": kind})
            for body in bodies
            for path, kind in (("predict", "application/json"), ("batch", "application/jsonl"))
            for _ in range(8)
        ]
        answers = [one.result().status_code for one in asked]
    assert set(answers) <= {200, 422, 429}
    # All of it is refused: beside images and audio there is no room for more.
    assert tree.mebibytes < MEBIBYTES / 2

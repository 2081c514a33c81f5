"""What attacks cost a server, and how honest clients fare beside them.

    python benchmarks/serve_attack.py EXPORTED TRIMODAL [--as after] [--only NAME ...]

EXPORTED and TRIMODAL are what ``chiasm export`` wrote of models of text and image, and of text,
image and audio (``chiasm sample reviews`` and ``audiovisual``). All that attacks has one address of
this machine, an honest client another. Writes benchmarks/serve_attack.json, of which each run
fills one column: "before" is the commit before, by PYTHONPATH. Linux only.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from hostile import Attacker, attacks, large, large_jpeg, long_audio, photo, scans

from chiasm.utils.writing import write_json

RESULT = Path(__file__).parent / "serve_attack.json"
SECONDS = 8.0
GRACE = 3
IN_TIME = 2.0
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))


class Server:
    """A server with its processes, watched."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log
        self.url = f"http://127.0.0.1:{port}"
        self.peak = self.threads = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def memory(self) -> int:
        """MiB of all its processes; what they share counts once."""
        return sum(map(_pss, self._pids())) >> 10

    def plain_lines(self) -> int:
        """Lines of its log that are no JSON."""
        return sum(not _is_json(line) for line in self.log.read_text("utf-8").splitlines())

    def stop(self) -> float:
        """Seconds from SIGTERM to the end."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(60)
        return time.monotonic() - started

    def _watch(self) -> None:
        while self.process.poll() is None:
            self.peak = max(self.peak, self.memory())
            self.threads = max(self.threads, sum(map(_threads, self._pids())))
            time.sleep(0.05)

    def _pids(self) -> list[int]:
        parents: dict[int, int] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                said = (folder / "stat").read_text().rpartition(")")[2].split()
                parents[int(folder.name)] = int(said[1])
        found = [self.process.pid]
        for one in found:
            found += [pid for pid, parent in parents.items() if parent == one]
        return found


def _pss(pid: int) -> int:
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return 0


def _threads(pid: int) -> int:
    with suppress(OSError):
        return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())
    return 0


def _is_json(line: str) -> bool:
    with suppress(ValueError):
        return isinstance(json.loads(line), dict)
    return False


@contextmanager
def served(model: Path, *options: str) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        port = _free_port()
        command = [sys.executable, "-m", "chiasm", "serve", str(model), "--port", str(port)]
        with log.open("ab") as file:
            process = subprocess.Popen([*command, *options], stderr=file)
        try:
            until = time.monotonic() + 60
            while not _is_ready(port):
                if time.monotonic() > until or process.poll() is not None:
                    raise SystemExit(f"The server did not start: {log.read_text()[-500:]}")
                time.sleep(0.1)
            # What people see on a terminal comes before the log.
            os.truncate(log, 0)
            yield Server(process, port, log)
        finally:
            process.kill()
            process.wait()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_ready(port: int) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=1).is_success
    return False


def beside(server: Server, seconds: float) -> dict[str, Any]:
    """How an honest client fares that asks ten times a second."""
    asked: list[float | None] = []
    threads = []

    def ask() -> None:
        started = time.monotonic()
        answer = None
        with suppress(httpx.HTTPError):
            got = httpx.post(f"{server.url}/v1/predict", json={"text": "good"}, timeout=10)
            answer = time.monotonic() - started if got.status_code == 200 else None
        asked.append(answer)

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        threads.append(threading.Thread(target=ask))
        threads[-1].start()
        time.sleep(0.1)
    for thread in threads:
        thread.join()
    in_time = [one for one in asked if one is not None and one <= IN_TIME]
    answered = sorted(one for one in asked if one is not None)
    return {
        "asked": len(asked),
        "answered within 2 s": round(len(in_time) / len(asked), 3),
        "slowest answer, s": round(answered[-1], 2) if answered else None,
    }


def attack(model: Path, name: str) -> dict[str, Any]:
    """One kind of attack, with an honest client beside it, and SIGTERM in the midst of it."""
    number, act = attacks()[name]
    with served(model, "--grace", str(GRACE)) as server:
        httpx.post(f"{server.url}/v1/predict", json={"text": "good"}, timeout=20)
        attacker = Attacker(server.port)
        for _ in range(number):
            threading.Thread(target=act, args=(attacker,), daemon=True).start()
        time.sleep(1)
        honest = beside(server, SECONDS)
        ended = server.stop()
        attacker.stop.set()
        return {
            **honest,
            "peak, MiB": server.peak,
            "threads": server.threads,
            "told the attacker": dict(sorted(attacker.statuses.items())),
            f"ends after SIGTERM (grace {GRACE} s), s": round(ended, 1),
            "lines of log that are no JSON": server.plain_lines(),
        }


def corpus(model: Path, audio: bool) -> dict[str, Any]:
    """Every hostile file on both routes, four at a time."""
    images = [scans(), large(), large_jpeg(), photo()]
    rows: list[dict[str, Any]] = [{"image": image} for image in images]
    rows.append({"text": (None, "good " * 3000), "image": photo()})
    if audio:
        rows += [{"audio": long_audio()}, {"audio": long_audio(), "image": large()}]
    with served(model) as server:
        asked = [(path, row) for row in rows for path in ("/v1/predict", "/v1/explain")] * 3
        random.Random(0).shuffle(asked)

        def ask(which: int) -> None:
            for path, row in asked[which::4]:
                with suppress(httpx.HTTPError):
                    httpx.post(f"{server.url}{path}", files=row, timeout=120)

        threads = [threading.Thread(target=ask, args=(which,)) for which in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {"requests": len(asked), "peak, MiB": server.peak, "threads": server.threads}


def growth(model: Path) -> dict[str, Any]:
    """Memory after 500 and after 5,000 varied requests, good and bad."""
    from serving.bad_inputs import bad_inputs

    with served(model) as server, httpx.Client(timeout=30) as client:
        good = photo()
        after: dict[int, int] = {}
        for number, bad in enumerate(bad_inputs(2500, seed=1), start=1):
            with suppress(httpx.HTTPError):
                client.request(
                    bad.method, f"{server.url}{bad.path}", content=bad.body, headers=bad.headers
                )
            with suppress(httpx.HTTPError):
                files = {"image": good} if number % 2 else {"text": (None, f"good {number}")}
                client.post(f"{server.url}/v1/predict", files=files)
            if number in (250, 2500):
                after[2 * number] = server.memory()
        return {
            "after 500, MiB": after[500],
            "after 5,000, MiB": after[5000],
            "lines of log that are no JSON": server.plain_lines(),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exported", type=Path)
    parser.add_argument("trimodal", type=Path)
    parser.add_argument("--as", dest="column", choices=["before", "after"], default="after")
    parser.add_argument("--only", nargs="*", default=None, metavar="NAME")
    given = parser.parse_args()
    parts = {
        **{name: lambda name=name: attack(_model(given, name), name) for name in attacks()},
        "whole corpus, text and image": lambda: corpus(given.exported, audio=False),
        "whole corpus, text, image and audio": lambda: corpus(given.trimodal, audio=True),
        "5,000 varied requests": lambda: growth(given.exported),
    }
    for name in given.only or parts:
        figures = parts[name]()
        print(name, json.dumps(figures), flush=True)
        found = json.loads(RESULT.read_text("utf-8")) if RESULT.is_file() else {}
        found.setdefault(name, {})[given.column] = figures
        write_json(found, RESULT)


def _model(given: argparse.Namespace, name: str) -> Path:
    path: Path = given.trimodal if name in ("explanations", "sounds") else given.exported
    return path


if __name__ == "__main__":
    main()

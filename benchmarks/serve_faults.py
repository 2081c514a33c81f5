"""What befalls a server beside attacks: nothing that was accepted may be lost by it.

    python benchmarks/serve_faults.py EXPORTED [--times 20] [--only NAME ...]

EXPORTED is what ``chiasm export`` wrote. Writes benchmarks/results/serve_faults.json, of which only
the faults that are named are tried anew. Ends with status 1 where something was lost.
"""

import argparse
import http.client
import json
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import httpx
from served_model import ServedModel, free_port, served
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from chiasm.serving.middleware.rate_limit import RateLimit
from chiasm.utils.writing import write_json

RESULT = Path(__file__).parent / "results" / "serve_faults.json"
_CLIENTS = 8
_ROW = json.dumps({"text": "good"}).encode()
_KIND = {"Content-Type": "application/json"}


@contextmanager
def load(port: int) -> Iterator[list[str]]:
    """Clients that ask without a pause, each on one connection: "sent" and "answered" of each."""
    said: list[str] = []
    ends = threading.Event()
    clients = [threading.Thread(target=_ask_on, args=(port, ends, said)) for _ in range(_CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield said
    finally:
        ends.set()
        for client in clients:
            client.join()


def _ask_on(port: int, ends: threading.Event, said: list[str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with suppress(OSError, http.client.HTTPException):
        # A connection is accepted for certain once something was answered on it.
        _ask(connection, "GET", "/healthz")
        # A server that is told to stop closes it behind its last answer.
        while connection.sock is not None and not ends.is_set():
            said.append("sent")
            if _ask(connection, "POST", "/v1/predict") == 200:
                said.append("answered")
    connection.close()


def _ask(connection: http.client.HTTPConnection, method: str, path: str) -> int:
    connection.request(method, path, _ROW if method == "POST" else None, _KIND)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def is_answered(server: ServedModel) -> bool:
    answer = httpx.post(f"{server.url}/v1/predict", content=_ROW, headers=_KIND, timeout=30)
    return answer.status_code == 200


def kill_and_restart(model: Path, times: int) -> dict[str, Any]:
    """SIGKILL under load, then the same command on the same port."""
    chance = random.Random(0)
    port = free_port()
    again = 0
    for _ in range(times):
        with served(model, port=port) as server, load(port):
            time.sleep(chance.random())
            server.process.kill()
            server.process.wait()
        with served(model, port=port) as server:
            again += is_answered(server)
    return {"tried": times, "answered_after": again, "lost": times - again}


def terminate(model: Path, times: int) -> dict[str, Any]:
    """SIGTERM under load: what was sent on an accepted connection is answered."""
    chance = random.Random(0)
    counts: Counter[str] = Counter()
    wrong = 0
    for _ in range(times):
        with served(model) as server:
            with load(server.port) as answers:
                time.sleep(0.3 + chance.random())
                server.process.send_signal(signal.SIGTERM)
                wrong += server.process.wait(30) != 0
            counts.update(answers)
    lost = counts["sent"] - counts["answered"]
    return {"tried": times, **counts, "ended_with_another_status": wrong, "lost": lost + wrong}


def full_disk(model: Path, times: int) -> dict[str, Any]:
    """The log has no room."""
    return _with_log(model, times, Path("/dev/full").open("wb"), lambda: None)


def rotated_log(model: Path, times: int) -> dict[str, Any]:
    """The log is moved away and cut while it is written."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        log, moved = Path(folder) / "log", Path(folder) / "log.1"

        def rotate() -> None:
            now, then = (log, moved) if log.exists() else (moved, log)
            now.rename(then)
            lines.extend(then.read_text("utf-8").splitlines())
            then.write_bytes(b"")

        figures = _with_log(model, times, log.open("ab"), rotate)
    return {**figures, "lines": len([json.loads(line) for line in lines])}


def _with_log(
    model: Path, times: int, log: IO[bytes], between: Callable[[], None]
) -> dict[str, Any]:
    with log, served(model, log=log) as server:
        answered = 0
        for _ in range(times):
            answered += is_answered(server)
            between()
        server.process.send_signal(signal.SIGTERM)
        status = server.process.wait(30)
    return {"tried": times, "ended_with": status, "lost": times - answered}


def ipv6(model: Path, times: int) -> dict[str, Any]:
    """The server listens on ::1 alone."""
    if not socket.has_ipv6:
        return {"tried": 0}
    with served(model, host="::1") as server:
        answered = sum(is_answered(server) for _ in range(times))
    return {"tried": times, "lost": times - answered}


def two_on_a_port(model: Path, times: int) -> dict[str, Any]:
    """A second server is told in words, the first one goes on."""
    told = answered = 0
    with served(model) as server:
        code = "from chiasm.cli import run; run()"
        command = [sys.executable, "-c", code, "serve", str(model), "--port", str(server.port)]
        for _ in range(times):
            second = subprocess.run(command, capture_output=True, text=True, timeout=60)
            is_told = second.returncode != 0 and "Traceback" not in second.stderr
            told += is_told and "--port" in second.stderr
            answered += is_answered(server)
    return {"tried": times, "told_in_words": told, "lost": 2 * times - told - answered}


def jumping_clock(_: Path, times: int) -> dict[str, Any]:
    """The clock of the rate jumps by up to a day, forth or back: nobody waits above a minute."""
    chance = random.Random(0)
    now = 0.0

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("ok")(scope, receive, send)

    client = TestClient(RateLimit(answer, per_minute=2, clock=lambda: now))
    waits = []
    for _ in range(times):
        now += chance.uniform(-86_400, 86_400)
        answers = [client.get("/v1/model") for _ in range(4)]
        waits += [int(one.headers["Retry-After"]) for one in answers if one.status_code == 429]
    return {"tried": times, "longest_wait": max(waits), "lost": sum(wait > 60 for wait in waits)}


FAULTS: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    "kill -9 under load, and restart": kill_and_restart,
    "SIGTERM under load": terminate,
    "jumps of the rate's clock": jumping_clock,
    "full disk": full_disk,
    "rotated log": rotated_log,
    "IPv6": ipv6,
    "two servers on a port": two_on_a_port,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--only", nargs="+", choices=FAULTS, default=FAULTS, metavar="NAME")
    given = parser.parse_args()
    results = json.loads(RESULT.read_text("utf-8")) if RESULT.is_file() else {}
    for name in given.only:
        results[name] = FAULTS[name](given.model, given.times)
        print(name, json.dumps(results[name]), flush=True)
        write_json(results, RESULT)
    return int(any(results[name]["lost"] for name in given.only))


if __name__ == "__main__":
    sys.exit(main())

"""A model served by ``chiasm serve``, as a process of its own that can be measured."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import AF_INET, AF_INET6, socket
from typing import IO

import httpx

_KB_A_MB = 1024
_TICKS_A_SECOND = 100


@dataclass
class ServedModel:
    """A running server: its address, its process and the seconds until it was ready."""

    url: str
    process: "subprocess.Popen[bytes]"
    started: float

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def resident(self) -> float:
        """MB of memory."""
        return self._status("VmRSS") / _KB_A_MB

    def peak(self) -> float:
        """MB of memory at most so far."""
        return self._status("VmHWM") / _KB_A_MB

    def cpu(self) -> float:
        """Seconds of CPU so far, on all cores."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND

    def _status(self, name: str) -> int:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@contextmanager
def served(
    model: Path,
    options: Sequence[str] = (),
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    log: IO[bytes] | int = subprocess.DEVNULL,
) -> Iterator[ServedModel]:
    """Serve an exported model, on a free port unless it is given, until the end of the context."""
    port = port or free_port(host)
    code = "from chiasm.cli import run; run()"
    where = ("--host", host, "--port", str(port))
    command = [sys.executable, "-c", code, "serve", str(model), *where, *options]
    began = time.perf_counter()
    process = subprocess.Popen(command, stderr=log)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    try:
        while not _is_ready(url):
            if process.poll() is not None or time.perf_counter() - began > 120:
                raise SystemExit(f"The server did not start: {' '.join(command[3:])}")
            time.sleep(0.05)
        yield ServedModel(url, process, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def free_port(host: str = "127.0.0.1") -> int:
    with socket(AF_INET6 if ":" in host else AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=1).is_success
    except httpx.TransportError:
        return False

"""A server as a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
_SOURCE = _HERE.parents[1] / "src"


@dataclass
class Served:
    process: "subprocess.Popen[str]"
    url: str
    log: list[dict[str, object]]

    def stop(self) -> int:
        """The exit status after SIGTERM; the log is whole then."""
        self.process.send_signal(signal.SIGTERM)
        _, rest = self.process.communicate(timeout=30)
        self.log += [json.loads(line) for line in rest.splitlines()]
        return self.process.returncode


@contextmanager
def served(*, seconds: float = 0.0) -> Iterator[Served]:
    """The stand-in, served on a free port until the end of the context."""
    command = [sys.executable, str(_HERE / "run_stand_in.py"), str(seconds), "0"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(_SOURCE)}
    )
    try:
        assert process.stderr is not None
        log: list[dict[str, object]] = []
        for line in process.stderr:
            log.append(json.loads(line))
            event = str(log[-1]["event"])
            if "running on" in event:
                yield Served(process, event.split("running on ")[1].split()[0], log)
                return
        raise AssertionError(f"the server did not start: {log}")
    finally:
        process.kill()
        process.wait()

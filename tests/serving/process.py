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
from threading import Thread

_HERE = Path(__file__).parent
_SOURCE = _HERE.parents[1] / "src"


@dataclass
class Served:
    process: "subprocess.Popen[str]"
    url: str
    log: list[dict[str, object]]
    reader: Thread

    def stop(self) -> int:
        """The exit status after SIGTERM; the log is whole then."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        self.reader.join(timeout=30)
        return self.process.returncode


@contextmanager
def served(*, seconds: float = 0.0, patience: float = 20.0, grace: int = 30) -> Iterator[Served]:
    """The stand-in, served on a free port until the end of the context.

    ``patience``: seconds that clients have to send and to read.
    """
    command = [sys.executable, str(_HERE / "run_stand_in.py"), str(seconds), "0"]
    command += [str(patience), str(grace)]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(_SOURCE)}
    )
    try:
        assert process.stderr is not None
        log: list[dict[str, object]] = []
        for line in process.stderr:
            said = json.loads(line)
            log.append(said)
            if said["event"] == "listening":
                # A pipe that nobody reads is full some day, and lines are left out then.
                rest = map(json.loads, process.stderr)
                reader = Thread(target=log.extend, args=(rest,), daemon=True)
                reader.start()
                yield Served(process, str(said["url"]), log, reader)
                return
        raise AssertionError(f"the server did not start: {log}")
    finally:
        process.kill()
        process.wait()

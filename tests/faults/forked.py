"""Commands of chiasm as forked children, which can be killed at any moment.

Starting python and torch takes seconds, and a fork of a process that has them loaded takes none. No
tensor may be computed before the fork: threads do not outlive it.
"""

import contextlib
import importlib
import os
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What commands import when they run.
_USED = (
    "chiasm.cli",
    "chiasm.encoders.features.cache",
    "chiasm.encoders.registry",
    "chiasm.evaluation.tables",
    "chiasm.report.files",
    "chiasm.report.model_report",
    "chiasm.exporting.folder",
    "chiasm.model.predictions",
    "chiasm.recipes.files",
    "chiasm.inference.tables",
    "chiasm.training.comparison.systems",
    "chiasm.training.run.pipeline",
    "matplotlib.backends.backend_agg",
)
_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "os.truncate")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
# What a child tells its parent: it changes a file, its encoding begins, its encoding has ended.
_CHANGE, _ENCODES, _HAS_ENCODED = b".", b"[", b"]"


@dataclass(frozen=True)
class Moment:
    """When a child is killed: so many seconds after it was started, began to encode, or changed
    the file system for the ``count``-th time.
    """

    after: str
    seconds: float
    count: int = 1

    def __str__(self) -> str:
        place = f"change {self.count}" if self.after == "change" else self.after
        return f"{self.seconds:.4f} s after {place}"


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit status (negative: the signal), what it said, and what it did.

    ``changes`` of the file system, ``seconds`` in all and ``encoding`` of them.
    """

    status: int
    said: str
    changes: int
    seconds: float
    encoding: float


class Hung(Exception):
    """A command that neither ended nor failed."""


def load_all() -> None:
    """Import all that commands use."""
    for name in _USED:
        importlib.import_module(name)


@dataclass(frozen=True)
class Place:
    """Where a command runs, and where its cache and its temporary files lie."""

    folder: Path
    cache: Path

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"


class Child:
    """A running command.

    Args:
        arguments: of the command line.
        place: where it runs.
        prepare: called in the child before the command.
    """

    def __init__(
        self,
        arguments: Sequence[object],
        place: Place,
        *,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        listening, telling = os.pipe()
        self._log = place.log
        self._started = time.monotonic()
        self.process = os.fork()
        if not self.process:
            os.close(listening)
            _become([str(argument) for argument in arguments], place, telling, prepare)
        os.close(telling)
        self._pipe = listening
        self._process_ended = os.pidfd_open(self.process)
        self._changes = 0
        self._encoding = 0.0
        self._marks: dict[str, float] = {"start": self._started}

    def end(self, *, kill: Moment | None = None, limit: float = 600) -> Ended:
        """Wait for it; kill it and all its children at a moment, if it lives so long.

        Raises:
            Hung: it was still there after ``limit`` seconds.
        """
        hung = False
        while True:
            now = time.monotonic()
            due = self._started + limit
            if kill is not None:
                due = min(due, self._marks.get(self._name(kill), due) + kill.seconds)
            if now >= due:
                hung = now >= self._started + limit
                break
            ready, _, _ = select.select([self._pipe, self._process_ended], [], [], due - now)
            if self._pipe in ready:
                self._listen(kill)
            if self._process_ended in ready:
                break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process, signal.SIGKILL)
        _, status = os.waitpid(self.process, 0)
        # What is left of its group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process, signal.SIGKILL)
        self._listen(None)
        os.close(self._pipe)
        os.close(self._process_ended)
        said = self._log.read_text(errors="replace")
        if hung:
            raise Hung(said)
        return Ended(
            status=os.waitstatus_to_exitcode(status),
            said=said,
            changes=self._changes,
            seconds=time.monotonic() - self._started,
            encoding=self._encoding,
        )

    @staticmethod
    def _name(moment: Moment) -> str:
        return f"change {moment.count}" if moment.after == "change" else moment.after

    def _listen(self, kill: Moment | None) -> None:
        for told in os.read(self._pipe, 4096) if select.select([self._pipe], [], [], 0)[0] else b"":
            now = time.monotonic()
            if told == _CHANGE[0]:
                self._changes += 1
                if kill is not None and self._changes == kill.count:
                    self._marks[f"change {kill.count}"] = now
            elif told == _ENCODES[0]:
                self._marks.setdefault("encode", now)
            elif told == _HAS_ENCODED[0]:
                self._encoding = now - self._marks["encode"]


def _become(
    arguments: list[str], place: Place, telling: int, prepare: Callable[[], None] | None
) -> None:
    status = 70
    try:
        os.setpgid(0, 0)
        with place.log.open("wb") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        temporary = place.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        tempfile.tempdir = str(temporary)
        os.environ["TMPDIR"] = os.environ["JOBLIB_TEMP_FOLDER"] = str(temporary)
        os.environ["CHIASM_CACHE"] = str(place.cache)
        os.chdir(place.folder)
        _lighten()
        _tell(telling, place.folder)
        if prepare is not None:
            prepare()
        sys.argv = ["chiasm", *arguments]
        cli = importlib.import_module("chiasm.cli")
        cli.run(arguments)
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _lighten() -> None:
    """Have the work take seconds and leave its steps: many small batches, and empty figures."""
    import torch
    from matplotlib.figure import Figure
    from PIL import Image

    from chiasm.encoders.features import encoding

    torch.set_num_threads(1)
    encoding._BATCH = 4  # type: ignore[misc]

    def save_empty(self: Figure, file: Any, *, format: str = "png", **_: object) -> None:
        if format == "svg":
            file.write("<svg/>")
        else:
            Image.new("L", (8, 8)).save(file, "png")

    Figure.savefig = save_empty  # type: ignore[method-assign,assignment]


def _tell(telling: int, folder: Path) -> None:
    """Tell the parent of every change of the file system, and when values are encoded."""
    from chiasm.encoders.features import cache

    def note(event: str, given: tuple[object, ...]) -> None:
        if event == "open":
            path, _, flags = given
            changes = isinstance(flags, int) and flags & _WRITING
        else:
            changes = event in _CHANGES
            path = given[0] if given else None
        inside = isinstance(path, str | Path) and folder in (folder / path).parents
        if changes and inside:
            os.write(telling, _CHANGE)

    sys.addaudithook(note)
    encode = cache.encode

    def told(*given: object, **named: object) -> object:
        os.write(telling, _ENCODES)
        done = encode(*given, **named)  # type: ignore[arg-type]
        os.write(telling, _HAS_ENCODED)
        return done

    cache.encode = told  # type: ignore[assignment]

"""The folder a run writes: begun, gone on with, or done anew."""

import csv
import io
import shutil
from collections.abc import Sequence
from dataclasses import asdict, astuple, fields
from pathlib import Path
from typing import Any

from chiasm.data.table import Problem
from chiasm.errors import ChiasmError, UnreadableExample
from chiasm.training.loop.epochs import Epoch
from chiasm.training.run.record import RECORD, RunRecord
from chiasm.utils.outputs import check_own_folder
from chiasm.utils.reading import SMALL, read_regular
from chiasm.utils.writing import PART, atomic_write, read_json, write_json

# The checkpoints of a run that needs them no more.
_FINISHED = f"{PART}-checkpoints"


class RunFolder:
    """Where a run keeps its checkpoints while it goes, its record, history, events and problems.

    An unfinished run of the same configuration, data and versions is gone on with; a finished one
    is replaced.

    Raises:
        ChiasmError: the folder holds other files, or an unfinished run of another configuration.
    """

    def __init__(self, path: Path, record: RunRecord) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self.events = path / "tensorboard"
        self._record = path / RECORD
        self._history = path / "history.csv"
        check_own_folder(path, record=self._record)
        self.goes_on = self.checkpoints.is_dir()
        if self.goes_on and not record.same_run(self._read_record()):
            raise ChiasmError(
                f"{path} holds an unfinished run with other settings, data or versions. Repeat the "
                f"command in {self._record} to go on with it, delete {path}, or choose another "
                "`out`."
            )
        path.mkdir(parents=True, exist_ok=True)
        self._remove(path / _FINISHED)
        if not self.goes_on:
            self._remove(self.events)
            write_json(asdict(record), self._record)
            self._write_history([])
        # Last: with it, the run has begun.
        self.checkpoints.mkdir(exist_ok=True)

    def add_epoch(self, epoch: Epoch) -> None:
        """Add an epoch to the history, in the place of one that is trained anew."""
        earlier = [
            one
            for one in self.read_history()
            if one.stage != epoch.stage or one.epoch < epoch.epoch
        ]
        self._write_history([*earlier, epoch])

    def read_history(self) -> tuple[Epoch, ...]:
        """All epochs so far, those before an interruption among them.

        Raises:
            ChiasmError: the history is not as it was written.
        """
        try:
            written = read_regular(self._history, most=SMALL).decode()
            return tuple(map(_parse_epoch, csv.DictReader(io.StringIO(written, newline=""))))
        except (UnreadableExample, KeyError, TypeError, ValueError, csv.Error) as error:
            raise ChiasmError(
                f"{self._history} is not as it was written, so the run cannot be gone on with. "
                f"Delete {self.path}, or choose another `out`."
            ) from error

    def write_problems(self, problems: Sequence[Problem]) -> None:
        """List every row that was affected by something unreadable, and what was done about it."""
        names = [f.name for f in fields(Problem)]
        self._write_rows(self.path / "problems.csv", names, [astuple(p) for p in problems])

    def finish(self) -> None:
        """Let the checkpoints go: at once, since a part of them would be gone on with."""
        self._remove(self.checkpoints.rename(self.path / _FINISHED))

    @staticmethod
    def _remove(folder: Path) -> None:
        if folder.is_dir():
            shutil.rmtree(folder)

    def _read_record(self) -> dict[str, Any]:
        try:
            written = read_json(self._record)
        except UnreadableExample:
            return {}
        return written if isinstance(written, dict) else {}

    def _write_history(self, epochs: Sequence[Epoch]) -> None:
        rows = [astuple(epoch) for epoch in epochs]
        self._write_rows(self._history, [f.name for f in fields(Epoch)], rows)

    def _write_rows(
        self, path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]
    ) -> None:
        with (
            atomic_write(path) as part,
            part.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
        ):
            csv.writer(file).writerows([header, *rows])


def _parse_epoch(row: dict[str, str]) -> Epoch:
    stage, epoch = row.pop("stage"), row.pop("epoch")
    return Epoch(stage, int(epoch), **{name: float(figure) for name, figure in row.items()})

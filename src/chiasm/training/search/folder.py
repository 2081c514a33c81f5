"""The folder of a tuning: begun, or gone on with."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from chiasm.errors import ChiasmError, UnreadableExample
from chiasm.training.run.record import RunRecord
from chiasm.training.search.result import Scores, Trial
from chiasm.training.search.views import draw_trials
from chiasm.utils.outputs import check_own_folder
from chiasm.utils.writing import atomic_writes, read_json, write_json


class TuningFolder:
    """Where a tuning keeps its trials, and its record, by which the same command goes on.

    Raises:
        ChiasmError: the folder holds other files, or a tuning of another configuration.
    """

    def __init__(self, path: Path, record: RunRecord, *, folds: int) -> None:
        self.study = path / "study.jsonl"
        self._path = path
        file = path / "tuning.json"
        check_own_folder(path, record=file)
        if not file.is_file():
            path.mkdir(parents=True, exist_ok=True)
            write_json(asdict(record) | {"folds": folds}, file)
            return
        if not _is_of(file, record, folds=folds):
            raise ChiasmError(
                f"{path} holds a tuning with another recipe, data, folds or versions. Repeat the "
                f"command in {file} to go on with it, delete {path}, or choose another `out`."
            )

    def write(self, trials: Sequence[Trial]) -> None:
        """Write the trials as a table and as an image; scores and seconds are means of folds."""
        scores = [field.name for field in fields(Scores)]
        settings = list(trials[0].settings)
        rows: list[list[object]] = [["trial", "pruned", "folds", *scores, *settings]]
        for trial in trials:
            mean = asdict(trial.mean)
            rows.append(
                [
                    trial.number,
                    "yes" if trial.pruned else "no",
                    len(trial.folds),
                    *(mean[name] for name in scores),
                    *(trial.settings[name] for name in settings),
                ]
            )
        with atomic_writes(self._path) as part:
            with (part / "trials.csv").open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(rows)
            draw_trials(trials, part / "trials.png")


def _is_of(file: Path, record: RunRecord, *, folds: int) -> bool:
    try:
        written = read_json(file)
    except UnreadableExample:
        return False
    return isinstance(written, dict) and record.same_run(written) and written.get("folds") == folds

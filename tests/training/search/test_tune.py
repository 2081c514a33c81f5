"""Tuning on precomputed features, or with scores that are made up."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config

from chiasm.data.media.kinds import Kind
from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import ChiasmError, DataError, TrainingStopped
from chiasm.fusion.build import FusionConfig
from chiasm.model.dataset import EncodedTable
from chiasm.tasks.base import Task
from chiasm.training.comparison.fold import TrainedFold
from chiasm.training.config import TrainingConfig
from chiasm.training.recipe import Recipe
from chiasm.training.run.splits import SplitRows
from chiasm.training.search import tuning
from chiasm.training.search.result import Trial, Tuning

RECIPE = Recipe(
    fusion=FusionConfig(name="concat", dim=16, num_heads=2, dropout=0.1),
    training=TrainingConfig(epochs=1, learning_rate=0.01),
)
Report = Callable[[Sequence[Trial]], None]


@pytest.fixture(autouse=True)
def in_this_process() -> Iterator[None]:
    """Others would take half a minute to start."""
    with parallel_config(backend="sequential"):
        yield


def make_table(rows: int = 60, *, test: int = 0, poison: bool = False) -> Table:
    """Two classes that the sign of a feature tells; of the test rows, only if not poisoned."""
    random = np.random.default_rng(0)
    visual = random.normal(size=(rows + test, 4))
    label = np.where(visual[:, 0] > 0, "high", "low")
    if poison:
        visual[rows:] = 1e6
        label[rows:] = np.where(label[rows:] == "low", "high", "wrong")
    columns = {
        "id": [str(row) for row in range(rows + test)],
        "visual": visual.tolist(),
        "acoustic": random.normal(size=(rows + test, 3)).tolist(),
        "label": label,
        "split": ["train"] * rows + ["test"] * test,
    }
    return read(pd.DataFrame(columns), features={"visual": "visual", "acoustic": "acoustic"})


def run(
    out: Path,
    *,
    table: Table | None = None,
    recipe: Recipe = RECIPE,
    trials: int = 3,
    folds: int = 2,
    minutes: float | None = None,
    report: Report = lambda trials: None,
) -> Tuning:
    return tuning.tune(
        make_table() if table is None else table,
        recipe,
        trials=trials,
        minutes=minutes,
        folds=folds,
        out=out,
        command="test",
        cache=FeatureCache(),
        report=report,
    )


def without_seconds(trials: Sequence[Trial]) -> list[Any]:
    """Everything about the trials that can be the same twice."""
    return [
        (t.number, dict(t.settings), t.pruned, [replace(fold, seconds=0.0) for fold in t.folds])
        for t in trials
    ]


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of training, be right on every row of a fold the nearer the dropout is to 0.3."""

    def train_fold(
        rows: EncodedTable,
        part: SplitRows,
        task: Task,
        recipe: Recipe,
        fold: int,
        kinds: Mapping[str, Kind],
    ) -> TrainedFold:
        labels = rows.take(part.test).labels
        wrong = np.arange(len(labels)) < abs(recipe.fusion.dropout - 0.3) * len(labels)
        probabilities = np.eye(task.num_outputs)[np.where(wrong, 1 - labels, labels)] * 0.8 + 0.1
        return TrainedFold("concat", fold, probabilities, epochs=(), parameters=0, seconds=0.0)

    monkeypatch.setattr(tuning, "train_fold", train_fold)


def after(count: int, press: Callable[[], object]) -> Report:
    def report(trials: Sequence[Trial]) -> None:
        if len(trials) == count:
            press()

    return report


def control_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def killed() -> None:
    raise SystemExit(137)


@pytest.fixture(params=["heard", "ignored"])
def sigint(request: pytest.FixtureRequest) -> Iterator[None]:
    """As a terminal starts a process, and as a shell starts one in the background."""
    handlers = {"heard": signal.default_int_handler, "ignored": signal.SIG_IGN}
    before = signal.signal(signal.SIGINT, handlers[request.param])
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tuning]:
    out = tmp_path_factory.mktemp("tuning") / "whole"
    with parallel_config(backend="sequential"):
        return out, run(out)


def test_the_first_trial_is_the_recipe_and_the_best_is_no_worse(
    trained: tuple[Path, Tuning],
) -> None:
    _, tuning = trained
    first = tuning.trials[0].settings
    assert {name: first[name] for name in ("dim", "dropout", "learning_rate", "batch_size")} == {
        "dim": 16,
        "dropout": 0.1,
        "learning_rate": 0.01,
        "batch_size": RECIPE.training.batch_size,
    }
    best = max(trial.mean.macro_f1 for trial in tuning.trials)
    assert best >= tuning.trials[0].mean.macro_f1
    chosen = next(t for t in tuning.trials if t.mean.macro_f1 == best).settings
    assert tuning.recipe.training.learning_rate == chosen["learning_rate"]
    assert tuning.recipe.fusion.dim == chosen["dim"]
    assert tuning.recipe.encoders == RECIPE.encoders


def test_the_trials_are_written_as_a_table_and_an_image(trained: tuple[Path, Tuning]) -> None:
    out, tuning = trained
    table = pd.read_csv(out / "trials.csv", float_precision="round_trip")
    assert list(table["trial"]) == [1, 2, 3]
    assert list(table["macro_f1"]) == [trial.mean.macro_f1 for trial in tuning.trials]
    assert list(table["dropout"]) == [trial.settings["dropout"] for trial in tuning.trials]
    assert (out / "trials.png").stat().st_size > 10_000


def test_resumed_equals_uninterrupted(trained: tuple[Path, Tuning], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path / "parts", report=after(1, killed))
    seen: list[int] = []
    resumed = run(tmp_path / "parts", report=lambda trials: seen.append(len(trials)))
    assert seen == [1, 2, 3]
    assert without_seconds(resumed.trials) == without_seconds(trained[1].trials)


@pytest.mark.parametrize("cut_off", [1, 11])
def test_a_trial_that_was_cut_off_is_tried_again(
    cut_off: int, made_up: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = run(tmp_path / "whole", trials=12)
    train_fold, calls = tuning.train_fold, []

    def train_some(*given: Any) -> TrainedFold:
        calls.append(given)
        if len(calls) == 2 * cut_off:
            killed()
        return train_fold(*given)

    monkeypatch.setattr(tuning, "train_fold", train_some)
    with pytest.raises(SystemExit):
        run(tmp_path / "parts", trials=12)
    resumed = run(tmp_path / "parts", trials=12)
    assert without_seconds(resumed.trials) == without_seconds(whole.trials)


def test_more_trials_go_on_where_fewer_ended(made_up: None, tmp_path: Path) -> None:
    few = run(tmp_path, trials=3)
    more = run(tmp_path, trials=5)
    assert without_seconds(more.trials[:3]) == without_seconds(few.trials)
    assert len(more.trials) == 5


def test_what_is_learned_of_the_settings_is_used(made_up: None, tmp_path: Path) -> None:
    tuning = run(tmp_path, trials=25)
    assert abs(tuning.recipe.fusion.dropout - 0.3) < 0.05


def test_hopeless_trials_are_pruned_and_counted(made_up: None, tmp_path: Path) -> None:
    tuning = run(tmp_path, trials=15)
    pruned = [trial for trial in tuning.trials if trial.pruned]
    assert pruned
    assert len(tuning.trials) == 15
    assert {len(trial.folds) for trial in pruned} == {1}
    assert {len(trial.folds) for trial in tuning.trials if not trial.pruned} == {2}
    assert not tuning.trials[0].pruned
    assert list(pd.read_csv(tmp_path / "trials.csv")["pruned"]).count("yes") == len(pruned)


def test_how_many_processes_there_are_changes_nothing(
    made_up: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tunings = []
    for count in (1, 8):
        monkeypatch.setattr(tuning, "processes", lambda count=count: count)
        tunings.append(run(tmp_path / str(count), trials=12, folds=3))
    assert without_seconds(tunings[0].trials) == without_seconds(tunings[1].trials)


def test_test_rows_are_never_looked_at(made_up: None, tmp_path: Path) -> None:
    clean, poisoned = (
        run(tmp_path / str(poison), table=make_table(60, test=20, poison=poison), trials=4)
        for poison in (False, True)
    )
    assert without_seconds(clean.trials) == without_seconds(poisoned.trials)
    # Nor does a change to them make another tuning of it.
    again = run(tmp_path / "False", table=make_table(60, test=20, poison=True), trials=4)
    assert again.trials == clean.trials


def test_poisoned_test_rows_do_not_change_what_is_trained(tmp_path: Path) -> None:
    clean, poisoned = (
        run(tmp_path / str(poison), table=make_table(40, test=20, poison=poison), trials=1)
        for poison in (False, True)
    )
    assert without_seconds(clean.trials) == without_seconds(poisoned.trials)


def test_no_fold_judges_rows_by_their_duplicates(
    made_up: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    table = make_table()
    groups = tuple(str(row // 3) for row in range(len(table)))
    train_fold, seen = tuning.train_fold, []

    def watch(rows: EncodedTable, part: SplitRows, *rest: Any) -> TrainedFold:
        seen.append(part)
        return train_fold(rows, part, *rest)

    monkeypatch.setattr(tuning, "train_fold", watch)
    run(tmp_path, table=replace(table, group=groups), trials=1)
    for part in seen:
        sides = [{groups[row] for row in rows} for rows in (part.train, part.validation, part.test)]
        assert len(set.union(*sides)) == sum(map(len, sides))


def test_ctrl_c_keeps_what_is_done(sigint: None, made_up: None, tmp_path: Path) -> None:
    stopped = run(tmp_path, report=after(2, control_c))
    assert stopped.stopped
    assert len(stopped.trials) == 2
    assert len(pd.read_csv(tmp_path / "trials.csv")) == 2


def test_ctrl_c_before_anything_is_done_says_so(
    sigint: None, made_up: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    train_fold = tuning.train_fold
    monkeypatch.setattr(tuning, "train_fold", lambda *given: control_c())
    with pytest.raises(TrainingStopped):
        run(tmp_path)
    monkeypatch.setattr(tuning, "train_fold", train_fold)
    assert len(run(tmp_path).trials) == 3


def test_when_the_time_is_over_no_trial_begins(made_up: None, tmp_path: Path) -> None:
    tuning = run(tmp_path, minutes=0.0)
    assert len(tuning.trials) == 1
    assert tuning.planned == 3
    assert not tuning.stopped


@pytest.mark.parametrize(
    "other",
    [
        {"table": make_table(61)},
        {"recipe": replace(RECIPE, fusion=replace(RECIPE.fusion, dim=32))},
        {"folds": 3},
    ],
    ids=["data", "recipe", "folds"],
)
def test_a_folder_of_another_tuning_is_refused(
    other: dict[str, Any], made_up: None, tmp_path: Path
) -> None:
    run(tmp_path)
    before = (tmp_path / "study.jsonl").read_bytes()
    with pytest.raises(ChiasmError, match="another recipe, data"):
        run(tmp_path, **other)
    assert (tmp_path / "study.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"", b"[1]", b"{}", b'{"data": [1]}', b"[" * 100_000, b"sparse", b"pipe"]
)
@pytest.mark.parametrize("name", ["tuning.json", "study.jsonl"])
def test_a_tuning_that_is_not_as_it_was_written_is_refused(
    name: str, content: bytes, made_up: None, tmp_path: Path
) -> None:
    run(tmp_path, trials=1)
    (tmp_path / name).write_bytes(content + b"\n{}\n")
    if content == b"sparse":
        os.truncate(tmp_path / name, 1 << 40)
    if content == b"pipe":
        (tmp_path / name).unlink()
        os.mkfifo(tmp_path / name)
    with pytest.raises(ChiasmError, match=r"another recipe, data|not as it was written|holds no"):
        run(tmp_path, trials=1)


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ChiasmError, match="is not empty"):
        run(tmp_path)


def test_data_without_rows_to_tune_on_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no labelled row"):
        run(tmp_path, table=make_table(0, test=20))


def test_without_optuna_the_command_to_install_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "chiasm.training.search.study")
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ChiasmError, match=r"pip install \"chiasm\[tune\]\""):
        __import__("chiasm.training.search.study")

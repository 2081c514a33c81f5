"""tune: better settings for a recipe, by trying them on inner folds."""

import logging
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from chiasm.data.duplicates.groups import duplicate_groups
from chiasm.data.media.kinds import Kind
from chiasm.data.splitting.splits import development_rows
from chiasm.data.table import Table
from chiasm.data.verification.problems import log_problems
from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import TrainingStopped
from chiasm.inference.missing_modalities import say_lacking
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable, encode_table
from chiasm.tasks.base import Task
from chiasm.tasks.registry import learn_task
from chiasm.training.comparison.fold import TrainedFold, train_fold
from chiasm.training.loop.compute import processes, worker_pool
from chiasm.training.loop.interrupts import on_interrupt
from chiasm.training.recipe import Recipe
from chiasm.training.run.record import RunRecord, record_run
from chiasm.training.run.splits import SplitRows, fold_problems, fold_splits
from chiasm.training.search.folder import TuningFolder
from chiasm.training.search.result import Scores, Trial, Tuning, ranked
from chiasm.training.search.space import SearchSpace, Setting
from chiasm.training.search.study import Study
from chiasm.utils.quiet import quiet

_SECONDS = 60


# A line for each trial would break the progress bar.
@quiet("optuna", level=logging.WARNING)
def tune(
    table: Table,
    recipe: Recipe,
    *,
    trials: int,
    minutes: float | None,
    folds: int,
    out: Path,
    command: str,
    cache: FeatureCache,
    report: Callable[[Sequence[Trial]], None],
) -> Tuning:
    """Try settings of the recipe on grouped inner folds, and write the trials to a folder.

    The first trial is the recipe itself, so that none is taken that does worse there. Each fold is
    trained as in ``compare``. Rows that the data itself calls test rows are left out at once. If
    ``out`` holds trials of the same recipe on the same data, they count and are gone on with.

    Args:
        table: the data; its labelled rows are used, but for a test part that it names itself.
        recipe: what is tuned; its seed is that of the folds and of what is tried.
        trials: how many, with those that ``out`` holds.
        minutes: no trial begins after so many; the first always does. None: no limit.
        folds: how many parts the rows are divided into to judge a trial.
        out: where the trials, their table and their image go.
        command: kept in the folder.
        cache: where the features of all trials lie.
        report: called with all finished trials, at the beginning and after each one.

    Raises:
        DataError: the rows do not allow that many folds.
        ChiasmError: the folder is in other use, the fusion does not fit the data, or a training
            process was killed.
        TrainingStopped: Ctrl-C before any trial was finished; later it ends the tuning.
    """
    deadline = time.monotonic() + _SECONDS * minutes if minutes is not None else float("inf")
    seed = recipe.training.seed
    table = table.take(development_rows(table))
    known = recipe.for_table(table)
    every = np.arange(len(table))
    groups = duplicate_groups(table, by=recipe.group_by)
    parts = fold_splits(table, every, known, folds=folds, seed=seed, groups=groups)
    log_problems(fold_problems(table, every, folds=folds, groups=groups))
    task = learn_task(table, table.labelled)
    model = FusionClassifier(
        encoders=known.load_encoders(table.kinds), fusion=recipe.fusion, task=task
    )
    folder = TuningFolder(out, _record(command, known, table, model), folds=folds)
    space = SearchSpace(known, trains_encoders=model.trains_encoders)
    study = Study(folder.study, space, folds=folds, seed=seed)
    report(study.trials)
    say_lacking(table, model.modalities, strict=False)
    rows = encode_table(table, model.encoders, task=task, cache=cache)

    stopped = False
    try:
        with (
            on_interrupt(signal.default_int_handler),
            worker_pool(),
            Parallel(n_jobs=processes()) as parallel,
        ):

            def evaluate(settings: Mapping[str, Setting]) -> Iterator[Scores]:
                tried = space.recipe_with(settings)
                return _evaluate(rows, parts, task, tried, table.kinds, parallel)

            while len(study.trials) < trials and (not study.trials or time.monotonic() < deadline):
                study.try_next(evaluate)
                report(study.trials)
    except (KeyboardInterrupt, TrainingStopped):
        if not study.trials:
            raise TrainingStopped from None
        stopped = True
    folder.write(study.trials)
    best = space.recipe_with(ranked(study.trials)[0].settings)
    return Tuning(
        recipe=replace(best, encoders=recipe.encoders),
        trials=study.trials,
        planned=max(trials, len(study.trials)),
        stopped=stopped,
    )


def _record(command: str, recipe: Recipe, table: Table, model: FusionClassifier) -> RunRecord:
    """With the version of what proposes settings, too."""
    record = record_run(command, recipe, table, model.encoders)
    return replace(record, versions=record.versions | {"optuna": version("optuna")})


def _evaluate(
    rows: EncodedTable,
    parts: Sequence[SplitRows],
    task: Task,
    recipe: Recipe,
    kinds: Mapping[str, Kind],
    parallel: Parallel,
) -> Iterator[Scores]:
    """The scores of each fold in turn; as many folds are trained at once as there are processes."""
    for start in range(0, len(parts), processes()):
        batch = range(start, min(start + processes(), len(parts)))
        trained = parallel(
            delayed(train_fold)(rows, parts[fold], task, recipe, fold, kinds) for fold in batch
        )
        for one in trained:
            yield _scores(one, rows.take(parts[one.fold].test).labels, task)


def _scores(trained: TrainedFold, labels: np.ndarray, task: Task) -> Scores:
    metrics = task.metrics(trained.probabilities, labels)
    return Scores(
        macro_f1=metrics.macro.f1,
        accuracy=metrics.accuracy,
        log_loss=metrics.log_loss,
        seconds=trained.seconds,
    )

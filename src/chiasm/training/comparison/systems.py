"""compare: every fusion on the same folds, against honest baselines."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import numpy as np
from joblib import Parallel, delayed

from chiasm.data.duplicates.groups import duplicate_groups
from chiasm.data.splitting.splits import development_rows
from chiasm.data.table import Problem, Table
from chiasm.data.verification.problems import log_problems
from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import ChiasmError
from chiasm.evaluation.comparison import (
    MAJORITY,
    Comparison,
    OutOfFold,
    Predictions,
    evaluate_systems,
)
from chiasm.fusion.build import build_fusion
from chiasm.inference.missing_modalities import say_lacking
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable, encode_table
from chiasm.model.left_out import left_out
from chiasm.model.storage import load_model
from chiasm.tasks.base import Task
from chiasm.tasks.registry import learn_task
from chiasm.training.comparison.fold import TrainedFold, train_fold
from chiasm.training.loop.compute import at_most, processes, worker_pool
from chiasm.training.loop.epochs import Epoch
from chiasm.training.recipe import Recipe
from chiasm.training.run.splits import SplitRows, fold_problems, fold_splits
from chiasm.utils.arrays import Array

Examine: TypeAlias = Callable[[FusionClassifier, EncodedTable], Any]


@dataclass(frozen=True)
class Compared:
    """A comparison, and fold after fold of its winner the epochs and what was asked of its models.

    ``problems`` are notes on rows that are in no test part, ``left_out`` on rows of which the
    encoders see only a part. A winner of a single modality is not asked: ``examined`` is empty.
    """

    comparison: Comparison
    problems: tuple[Problem, ...]
    left_out: tuple[Problem, ...]
    histories: tuple[tuple[Epoch, ...], ...]
    examined: tuple[Any, ...]


def compare(
    table: Table,
    recipe: Recipe,
    *,
    folds: int,
    only_folds: Sequence[int] = (),
    seed: int,
    fusions: Sequence[str],
    cache: FeatureCache,
    advance: Callable[[str], None],
    examine: Examine,
) -> Compared:
    """Cross-validate the majority class and every fusion on grouped folds, all on one encoding.

    Each fold's epoch and temperature are chosen on a part of its own training rows; its test rows
    are only predicted. Fusions and folds are trained side by side, one processor core each.

    Args:
        table: the data; its labelled rows are used, but for a test part that it names itself.
        recipe: what all fusions share; the fusion that it names plays no part.
        folds: how many parts the rows are divided into.
        only_folds: which of them are run, counted from 1, and come out as they would among all;
            none: all.
        seed: of the folds, the initialisation and the bootstrap.
        fusions: names.
        cache: where the features of all folds and fusions lie.
        advance: called after each training and each examination with what was done.
        examine: asked of the models of the winner, each on the test rows of its fold.

    Raises:
        DataError: the rows do not allow that many folds.
        ChiasmError: there is no such fusion of the data, or no fold of a given number; or a
            training process was killed.
    """
    chosen = _chosen(only_folds, folds)
    recipe = recipe.for_table(table)
    groups = duplicate_groups(table, by=recipe.group_by)
    development = development_rows(table)
    every = fold_splits(table, development, recipe, folds=folds, seed=seed, groups=groups)
    problems = fold_problems(table, development, folds=folds, groups=groups)
    log_problems(problems)
    task = learn_task(table, development)
    parts = {fold: every[fold] for fold in chosen}
    encoders = recipe.load_encoders(table.kinds)
    dims = {modality: encoder.dim for modality, encoder in encoders.items()}
    for name in fusions:
        # Built in vain, so that one that cannot be is refused before hours of encoding.
        build_fusion(replace(recipe.fusion, name=name), dims)
    say_lacking(table, tuple(encoders), strict=False)
    rows = encode_table(table, encoders, task=task, cache=cache)

    with (
        TemporaryDirectory() as folder,
        worker_pool(),
        Parallel(n_jobs=processes(), return_as="generator") as parallel,
    ):
        fused = {name: Path(folder) / name for name in fusions if name not in table.modalities}
        # Cross-attention takes longest: started first, it keeps none waiting at the end.
        trainings = [
            delayed(train_fold)(
                rows,
                part,
                task,
                _with_fusion(recipe, name, seed),
                fold,
                table.kinds,
                fused[name] / str(fold) if name in fused else None,
            )
            for name in reversed(fusions)
            for fold, part in parts.items()
        ]
        trained: list[TrainedFold] = []
        for one in parallel(trainings):
            trained.append(one)
            advance(f"{one.fusion}, fold {one.fold + 1} done")

        tested = _out_of_fold(table, rows, task, parts, groups, folds, _gather(trained, fusions))
        comparison = evaluate_systems(tested, modalities=table.modalities, seed=seed)
        best = fused.get(comparison.winner)
        looks = [
            delayed(_examine)(best / str(fold), rows, part, examine)
            for fold, part in parts.items()
            if best
        ]
        examined = []
        for said in parallel(looks):
            examined.append(said)
            advance(f"{comparison.winner} examined on {len(examined)} of {len(parts)} folds")
    return Compared(
        comparison,
        problems=problems,
        left_out=left_out(table, encoders),
        histories=tuple(one.epochs for one in trained if one.fusion == comparison.winner),
        examined=tuple(examined),
    )


def _chosen(only_folds: Sequence[int], folds: int) -> list[int]:
    """The folds to run, counted from 0."""
    if len(set(only_folds)) < len(only_folds) or not {*only_folds} <= {*range(1, folds + 1)}:
        raise ChiasmError(
            f"There are {folds} folds, of which {', '.join(map(str, only_folds))} cannot be run. "
            f"Give some of the numbers 1 to {folds}, each once."
        )
    return sorted(number - 1 for number in only_folds) or list(range(folds))


def _with_fusion(recipe: Recipe, name: str, seed: int) -> Recipe:
    return replace(
        recipe,
        fusion=replace(recipe.fusion, name=name),
        training=replace(recipe.training, seed=seed),
    )


def _examine(folder: Path, rows: EncodedTable, part: SplitRows, examine: Examine) -> Any:
    model = load_model(folder)
    with at_most(1):
        return examine(model, rows.of(model.modalities).take(part.test))


def _out_of_fold(
    table: Table,
    rows: EncodedTable,
    task: Task,
    parts: Mapping[int, SplitRows],
    groups: Array,
    of_folds: int,
    predictions: Mapping[str, Predictions],
) -> OutOfFold:
    tested = np.concatenate([part.test for part in parts.values()])
    majority = _majority(rows, tuple(parts.values()), task)
    return OutOfFold(
        ids=np.array(table.ids)[tested],
        positions=tested,
        labels=rows.take(tested).labels,
        folds=np.repeat(list(parts), [len(part.test) for part in parts.values()]),
        of_folds=of_folds,
        groups=groups[tested],
        task=task,
        predictions={MAJORITY: majority, **predictions},
    )


def _gather(trained: Sequence[TrainedFold], fusions: Sequence[str]) -> dict[str, Predictions]:
    gathered = {}
    for name in fusions:
        own = [one for one in trained if one.fusion == name]
        gathered[name] = Predictions(
            probabilities=np.concatenate([one.probabilities for one in own]),
            parameters=own[0].parameters,
            seconds=sum(one.seconds for one in own),
        )
    return gathered


def _majority(rows: EncodedTable, parts: Sequence[SplitRows], task: Task) -> Predictions:
    """What the targets of the training rows alone say, whatever the row."""
    started = time.perf_counter()
    probabilities = []
    for part in parts:
        labels = rows.take(np.concatenate([part.train, part.validation])).labels
        probabilities.append(np.tile(task.baseline(labels), (len(part.test), 1)))
    return Predictions(
        probabilities=np.concatenate(probabilities),
        parameters=0,
        seconds=time.perf_counter() - started,
    )

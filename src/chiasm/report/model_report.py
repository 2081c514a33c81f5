"""The report of one trained model."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chiasm.data.duplicates.groups import find_groups
from chiasm.data.table import Table
from chiasm.encoders.features.cache import FeatureCache
from chiasm.evaluation.comparison import MAJORITY, OutOfFold, Predictions, evaluate_one
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import encode_table
from chiasm.report.building import build_report
from chiasm.report.content import Report
from chiasm.report.examination import examine
from chiasm.training.loop.epochs import Epoch
from chiasm.training.recipe import Recipe
from chiasm.training.run.result import TrainedModel
from chiasm.utils.arrays import Array


def report_model(
    model: FusionClassifier,
    table: Table,
    evaluated: Array,
    *,
    part: str,
    caution: str,
    reference: Array,
    group_by: Sequence[str] | None,
    history: Sequence[Epoch],
    command: str,
    seed: int,
    cache: FeatureCache,
) -> Report:
    """Judge a model on labelled rows that it was not trained on, and look closer at it.

    Args:
        model: trained.
        table: the whole data set.
        evaluated: positions of the rows to judge by.
        part: what they are, such as "test rows".
        caution: how far they can be trusted to judge.
        reference: positions of the rows whose class frequencies are the baseline.
        group_by: which modalities make two rows duplicates; None: all.
        history: its epochs, if they are known.
        command: that trained or judged it.
        seed: of the training, or of the bootstrap alone.
        cache: where the features lie.
    """
    rows = table.take(evaluated)
    encoded = encode_table(rows, model.encoders, task=model.task, cache=cache)
    examined = examine(model, encoded)
    known = model.task.targets(table.take(reference).labels)
    baseline = model.task.baseline(np.array([t for t in known if t is not None], dtype=np.int64))
    always = np.tile(baseline, (len(rows), 1))
    always, labels, task = model.task.admit_unseen(always, encoded.labels)
    made, _, _ = model.task.admit_unseen(examined.contributions.prediction, encoded.labels)
    seconds = sum(epoch.seconds for epoch in history)
    tested = OutOfFold(
        ids=np.array(rows.ids),
        positions=evaluated,
        labels=labels,
        folds=np.zeros(len(rows), dtype=np.int64),
        of_folds=1,
        groups=find_groups(rows, by=group_by),
        task=task,
        predictions={
            MAJORITY: Predictions(always, parameters=0, seconds=0),
            model.fusion_config.name: Predictions(
                made.astype(np.float32),
                parameters=model.trained_parameters,
                seconds=seconds,
            ),
        },
    )
    return build_report(
        evaluate_one(tested, part=part, seed=seed),
        table,
        caution=caution,
        examined=[examined],
        encoders=model.encoders,
        histories=[history],
        command=command,
        seed=seed,
    )


def report_training(
    trained: TrainedModel, table: Table, recipe: Recipe, *, command: str, cache: FeatureCache
) -> Report:
    """Judge it on the data's own test rows, or else on those that chose its epochs.

    ``table``, ``recipe``, ``command`` and ``cache`` as they were given to ``train``.
    """
    parts = trained.parts
    is_tested = len(parts.test) > 0
    return report_model(
        trained.model,
        replace(table, problems=trained.problems),
        parts.test if is_tested else parts.validation,
        part="test rows" if is_tested else "validation rows",
        caution="The data itself names them for testing."
        if is_tested
        else "They chose the epochs and the temperature, so the figures are on the high side.",
        reference=parts.train,
        group_by=recipe.group_by,
        history=trained.history,
        command=command,
        seed=recipe.training.seed,
        cache=cache,
    )

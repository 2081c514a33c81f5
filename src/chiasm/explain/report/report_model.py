"""report_model: the report of one trained model."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from chiasm.data.duplicates import find_groups
from chiasm.data.labels import class_indices
from chiasm.data.table import Table
from chiasm.encoders.cache import FeatureCache
from chiasm.evaluation.comparison import MAJORITY, OutOfFold, Predictions, judge_one
from chiasm.evaluation.unseen import admit_unseen
from chiasm.explain.report.build_report import build_report
from chiasm.explain.report.examine import examine
from chiasm.explain.report.report import Report
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import encode_table
from chiasm.training.epochs import Epoch

Array = np.ndarray[Any, np.dtype[Any]]


def report_model(
    model: FusionClassifier,
    table: Table,
    judged: Array,
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
        judged: positions of the rows to judge by.
        part: what they are, such as "test rows".
        caution: how far they can be trusted to judge.
        reference: positions of the rows whose class frequencies are the baseline.
        group_by: which modalities make two rows duplicates; None: all.
        history: its epochs, if they are known.
        command: that trained or judged it.
        seed: of the training, or of the bootstrap alone.
        cache: where the features lie.
    """
    rows = table.take(judged)
    encoded = encode_table(rows, model.encoders, classes=model.classes, cache=cache)
    examined = examine(model, encoded)
    always = np.tile(_frequencies(model.classes, table, reference), (len(rows), 1))
    always, labels, classes = admit_unseen(always, encoded.labels, model.classes)
    made, _, _ = admit_unseen(examined.contributions.prediction, encoded.labels, model.classes)
    seconds = sum(epoch.seconds for epoch in history)
    tested = OutOfFold(
        ids=np.array(rows.ids),
        positions=judged,
        labels=labels,
        folds=np.zeros(len(rows), dtype=np.int64),
        of_folds=1,
        groups=find_groups(rows, by=group_by),
        classes=classes,
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
        judge_one(tested, part=part, seed=seed),
        table,
        caution=caution,
        examined=[examined],
        encoders=model.encoders,
        histories=[history],
        command=command,
        seed=seed,
    )


def _frequencies(classes: Sequence[str], table: Table, rows: Array) -> Array:
    """How often each class is the label of these rows."""
    index = class_indices(classes)
    known = [index[label] for row in rows if (label := table.labels[row]) in index]
    counts = np.bincount(known, minlength=len(classes))
    frequencies: Array = counts / counts.sum()
    return frequencies

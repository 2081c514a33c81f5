"""What was wrong in judging: each flaw as a small reference, beside what chiasm does instead."""

import re

import numpy as np
import pandas as pd
from rich.console import Console
from sklearn.model_selection import KFold

from chiasm.data.duplicates.groups import duplicate_groups
from chiasm.data.reading import read
from chiasm.data.splitting.splits import grouped_folds
from chiasm.evaluation.tables import render_metrics
from chiasm.tasks.metrics import compute_metrics
from chiasm.training.loop.epochs import epoch_header


def test_what_was_learned_by_heart_is_worth_nothing_on_grouped_folds() -> None:
    """Each tweet is there twice, and its label is drawn by lot."""
    tweets = [f"tweet {i}" for i in range(200)]
    labels = np.random.default_rng(0).permutation(["bad", "good"] * 100).tolist()
    table = read(pd.DataFrame({"text": tweets * 2, "label": labels * 2}))

    def evaluate_systems(train: np.ndarray, test: np.ndarray) -> float:
        known = {table.values["text"][row]: table.labels[row] for row in train}
        right = [known.get(table.values["text"][row], "bad") == table.labels[row] for row in test]
        return float(np.mean(right))

    at_random = KFold(5, shuffle=True, random_state=0).split(tweets * 2)
    assert np.mean([evaluate_systems(train, test) for train, test in at_random]) > 0.8
    folds = grouped_folds(table, table.labelled, folds=5, seed=0, groups=duplicate_groups(table))
    assert np.mean([evaluate_systems(fold.train, fold.test) for fold in folds]) < 0.6


def test_an_average_over_classes_is_named() -> None:
    """Always the commonest of three classes: an "F1" of 0.75, of 0.45 or of 0.25."""
    labels = np.array([0] * 60 + [1] * 30 + [2] * 10)
    always = np.tile([0.6, 0.3, 0.1], (100, 1))
    metrics = compute_metrics(always, labels, ("common", "less", "rare"))
    console = Console(width=100)
    with console.capture() as captured:
        console.print(render_metrics(metrics, "made up"))
    f1 = {"common": "0.750", "weighted average": "0.450", "macro average": "0.250"}
    for name, figure in f1.items():
        assert re.search(rf"{name}\b.* {figure}\b", captured.get())
    assert "macro f1" in epoch_header()

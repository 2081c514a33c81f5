"""Classes that cannot be split, and labels that training never saw: handled, counted and named."""

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.encoders.features.cache import FeatureCache
from chiasm.errors import DataError
from chiasm.fusion.build import FusionConfig
from chiasm.report.files import write_report
from chiasm.report.model_report import report_training
from chiasm.tasks.unseen_labels import NOT_SEEN
from chiasm.training.comparison.systems import Compared, compare
from chiasm.training.config import TrainingConfig
from chiasm.training.recipe import Recipe
from chiasm.training.run.pipeline import train
from chiasm.training.run.result import TrainedModel
from chiasm.training.run.splits import split_rows
from chiasm.training.search.tuning import tune

RECIPE = Recipe(
    fusion=FusionConfig(name="x", dim=8, dropout=0.0, modality_dropout=0.0),
    training=TrainingConfig(epochs=20, learning_rate=0.03),
)


class NoCache(FeatureCache):
    """Fails if anything is encoded."""

    def features(self, *_: Any) -> Any:
        raise AssertionError("something was encoded before the rows were looked at")


def make_table(labels: list[str | None], **columns: Any) -> Table:
    vectors = np.random.default_rng(0).normal(size=(len(labels), 3))
    vectors[:, 0] += [3.0 if label == "yes" else -3.0 for label in labels]
    frame = pd.DataFrame({"x": vectors.tolist(), "label": labels} | columns)
    return read(frame, features={"x": "x"})


def run(table: Table, out: Path, recipe: Recipe = RECIPE) -> TrainedModel:
    return train(
        table, recipe, out=out, command="", cache=FeatureCache(), report=lambda epoch: None
    )


def run_folds(table: Table, *, folds: int = 2, seed: int = 0) -> Compared:
    return compare(
        table,
        RECIPE,
        folds=folds,
        seed=seed,
        fusions=["x"],
        cache=FeatureCache(),
        advance=lambda done: None,
        examine=lambda *_: None,
    )


LONG_TAIL = ["yes", "no"] * 20 + [f"rare {i}" for i in range(7)]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_classes_too_rare_to_be_split_are_trained_on_in_every_fold(seed: int) -> None:
    compared = run_folds(make_table(LONG_TAIL), seed=seed)
    tested = compared.comparison.tested
    assert sorted(tested.positions) == list(range(40))
    assert set(tested.task.classes) == set(LONG_TAIL)
    assert [p.position for p in compared.problems] == list(range(40, 47))
    assert compared.comparison.rows[1].accuracy.mean > 0.9


def test_a_run_names_the_rows_that_it_never_validates_by(tmp_path: Path) -> None:
    table = make_table(LONG_TAIL)
    trained = run(table, tmp_path / "model")
    assert set(range(40, 47)) <= set(trained.parts.train)
    assert set(trained.model.classes) == set(LONG_TAIL)
    with (tmp_path / "model/problems.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["field"] == "label"]
    assert [row["detail"] for row in rows] == LONG_TAIL[40:]
    record = json.loads((tmp_path / "model/run.json").read_text())
    counts = {p["reason"]: p["rows"] for p in record["data"]["problems"]}
    assert [n for reason, n in counts.items() if "too rare" in reason] == [7]
    report = report_training(trained, table, RECIPE, command="", cache=FeatureCache())
    write_report(report, tmp_path / "report")
    page = (tmp_path / "report/report.html").read_text()
    assert "too rare to be split" in page
    assert "np.str_" not in page


def test_tuning_bears_rare_classes(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    tuned = tune(
        make_table(LONG_TAIL),
        RECIPE,
        trials=1,
        minutes=None,
        folds=2,
        out=tmp_path / "tuning",
        command="",
        cache=FeatureCache(),
        report=lambda trials: None,
    )
    assert len(tuned.trials) == 1


SPLIT = ["train"] * 30 + ["test"] * 10


def test_test_rows_of_labels_never_trained_on_count_as_wrong(tmp_path: Path) -> None:
    table = make_table(["yes", "no"] * 18 + ["maybe"] * 4, split=SPLIT)
    trained = run(table, tmp_path / "model")
    assert trained.model.classes == ("no", "yes")
    assert trained.test is not None
    assert trained.test.rows == 10
    assert trained.test.accuracy == pytest.approx(0.6)
    assert trained.test.per_class[-1].label == NOT_SEEN
    assert Counter(p.detail for p in trained.problems if p.field == "label") == {"maybe": 4}
    report = report_training(trained, table, RECIPE, command="", cache=FeatureCache())
    assert report.comparison.rows[1].accuracy.mean == pytest.approx(0.6)
    assert not report.chosen.label_errors
    write_report(report, tmp_path / "report")


def test_validation_rows_of_such_labels_choose_no_epoch_and_count_as_wrong(tmp_path: Path) -> None:
    labels = ["yes", "no"] * 18 + ["maybe"] * 4
    table = make_table(labels, split=["train"] * 30 + ["validation"] * 10)
    trained = run(table, tmp_path / "model")
    assert trained.validation.rows == 10
    assert trained.validation.accuracy == pytest.approx(0.6)
    assert all(epoch.accuracy <= 1 and epoch.validation_loss < 5 for epoch in trained.history)


@pytest.mark.parametrize(
    ("labels", "split", "message"),
    [
        (["yes"] * 20, None, "only the class 'yes'"),
        (["yes"] * 30 + ["no"] * 10, SPLIT, "only the class 'yes' to train on, in the train part"),
        (["yes", "no"] * 18 + ["yess"] * 4, SPLIT, r"The test rows .* 'yess' \(4 rows\) for 'yes'"),
        (["yes", "no"] * 15 + ["maybe"] * 10, SPLIT, r"The test rows .* 'maybe' \(10 rows\)"),
        ([None] * 20, None, "no labelled rows"),
        (["yes", "no"] * 20, ["test"] * 40, "its own split has 40 test rows"),
        ([f"class {i}" for i in range(20)], None, "20 of them alone in their class but for"),
    ],
)
def test_what_labels_and_splits_forbid_is_told_before_anything_is_encoded_or_written(
    labels: list[str | None], split: list[str] | None, message: str, tmp_path: Path
) -> None:
    table = make_table(labels, **({"split": split} if split else {}))
    with pytest.raises(DataError, match=message):
        train(
            table,
            RECIPE,
            out=tmp_path / "model",
            command="",
            cache=NoCache(),
            report=lambda epoch: None,
        )
    assert not (tmp_path / "model").exists()


def test_classes_of_copies_of_one_row_are_told_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n" + "good,a\ngood,a\nbad,b\nbad,b\n")
    recipe = replace(RECIPE, fusion=FusionConfig(name="text"))
    with pytest.raises(DataError, match=r"2 groups of duplicates, 4 of them .* that differ"):
        split_rows(read(path), recipe)
    with pytest.raises(DataError, match=r"'a' \(2 rows, all duplicates of one another\)"):
        compare(
            read(path),
            recipe,
            folds=2,
            seed=0,
            fusions=["text"],
            cache=NoCache(),
            advance=lambda done: None,
            examine=lambda *_: None,
        )


@pytest.mark.parametrize("labels", [["yes"] * 20, ["yes"] * 19 + ["no"]])
def test_folds_and_tuning_refuse_one_class_before_anything_is_encoded(
    labels: list[str], tmp_path: Path
) -> None:
    table = make_table(labels)
    with pytest.raises(DataError, match="class"):
        run_folds(table)
    pytest.importorskip("optuna")
    with pytest.raises(DataError, match="class"):
        tune(
            table,
            RECIPE,
            trials=1,
            minutes=None,
            folds=2,
            out=tmp_path / "tuning",
            command="",
            cache=NoCache(),
            report=lambda trials: None,
        )
    assert not (tmp_path / "tuning").exists()

from dataclasses import replace

import numpy as np
import pytest
from model.letters import CLASSES, make_model, make_table

from chiasm.errors import DataError
from chiasm.evaluation.held_out import evaluate, evaluate_rows
from chiasm.model.dataset import encode_table
from chiasm.model.predictions import predict
from chiasm.tasks.metrics import compute_metrics
from chiasm.tasks.multiclass import Multiclass
from chiasm.tasks.unseen_labels import NOT_SEEN

TEXTS = [f"review {'x' * (i % 4)}{i}" for i in range(12)]
LABELS = list(CLASSES) * 4


def test_a_model_is_judged_by_its_calibrated_predictions() -> None:
    model = make_model()
    model.temperature.fill_(2.0)
    table = make_table(text=TEXTS, labels=LABELS)
    expected = compute_metrics(
        predict(model, table, cache=None).probabilities, np.arange(12) % 3, CLASSES
    )
    assert evaluate(model, table, cache=None) == expected
    rows = encode_table(table, model.encoders, task=Multiclass(CLASSES), cache=None)
    assert evaluate_rows(model, rows) == expected


def test_unlabelled_rows_are_not_judged() -> None:
    labels = [label if i < 6 else None for i, label in enumerate(LABELS)]
    some = evaluate(make_model(), make_table(text=TEXTS, labels=labels), cache=None)
    alone = make_table(text=TEXTS[:6], labels=LABELS[:6])
    assert some.rows == 6
    assert some.confusion == evaluate(make_model(), alone, cache=None).confusion


def test_rows_that_hold_nothing_are_judged_too() -> None:
    table = make_table(text=["fine", None, None], labels=["good", "bad", "fair"])
    assert evaluate(make_model(), table, cache=None).rows == 3


def test_a_table_without_labels_is_refused() -> None:
    with pytest.raises(DataError, match=r"letters\.csv has no labelled rows"):
        evaluate(make_model(), make_table(text=TEXTS), cache=None)


def test_rows_of_labels_that_the_model_never_saw_count_as_wrong(
    caplog: pytest.LogCaptureFixture,
) -> None:
    known = evaluate(make_model(), make_table(text=TEXTS[:9], labels=LABELS[:9]), cache=None)
    labels = [*LABELS[:9], "superb", "superb", "awful"]
    metrics = evaluate(make_model(), make_table(text=TEXTS, labels=labels), cache=None)
    assert metrics.rows == 12
    assert metrics.accuracy == pytest.approx(known.accuracy * 9 / 12)
    assert metrics.log_loss == pytest.approx(known.log_loss)
    *classes, unseen = metrics.per_class
    assert [one.label for one in classes] == list(CLASSES)
    assert (unseen.label, unseen.rows, unseen.f1) == (NOT_SEEN, 3, 0)
    f1 = [one.f1 for one in classes]
    assert metrics.macro.f1 == pytest.approx(sum(f1) / 4)
    assert "label not seen in training; counts as wrong: rows" in caplog.text
    assert "(superb)" in caplog.text


def test_labels_none_of_which_the_model_knows_are_refused() -> None:
    table = make_table(text=TEXTS[:3], labels=["superb", "superb", "awful"])
    with pytest.raises(DataError, match=r"'superb' \(2 rows\).*'bad', 'fair', 'good'"):
        evaluate(make_model(), table, cache=None)


def test_rows_of_one_class_alone_can_be_judged_by() -> None:
    assert (
        evaluate(make_model(), make_table(text=TEXTS, labels=["bad"] * 12), cache=None).rows == 12
    )


def test_a_test_part_that_the_data_names_is_what_the_model_is_judged_by() -> None:
    table = make_table(text=TEXTS, labels=LABELS)
    parts = replace(table, split=("train",) * 6 + ("test",) * 6)
    last = make_table(text=TEXTS[6:], labels=LABELS[6:])
    assert evaluate(make_model(), parts, cache=None) == evaluate(make_model(), last, cache=None)

"""A modality that no row has: said, with what is there, and refused where that is asked for."""

import logging
from dataclasses import replace

import pytest

from chiasm.data.table import Problem, Table
from chiasm.errors import DataError
from chiasm.evaluation.held_out import evaluate
from chiasm.explanation.faithfulness.audit import audit
from chiasm.explanation.rows import explain
from chiasm.inference.missing_modalities import lacking
from chiasm.model.predictions import predict

from .letters import make_model, make_table

TEXTS = ["ab", "cd"]


def renamed() -> Table:
    table = make_table(text=TEXTS, labels=["good", "bad"])
    return replace(table, columns=("id", "text", "photo_url"))


def unread() -> Table:
    problems = [
        Problem(f"r{row}", "image", "file not found", "marked missing", position=row)
        for row in range(2)
    ]
    return make_table(text=TEXTS, image=[None, None], labels=["good", "bad"], problems=problems)


def test_a_column_of_another_name_is_said_with_the_columns_that_are_there() -> None:
    (said,) = lacking(renamed(), ("text", "image"))
    assert "looks at image, and letters.csv was read without it, as text alone" in said
    assert "'id', 'text', 'photo_url'" in said
    assert "`image`" in said
    (said,) = lacking(renamed(), ("text", "v"))
    assert "`features` v=" in said


def test_a_column_of_which_nothing_can_be_read_is_said_with_the_reason() -> None:
    (said,) = lacking(unread(), ("text", "image"))
    assert "none of the 2 rows of letters.csv" in said
    assert "2 rows: file not found" in said


def test_a_row_that_has_it_is_enough() -> None:
    table = make_table(text=[None, "a"], image=[b"a", None])
    assert lacking(table, ("text", "image")) == ()


@pytest.mark.parametrize("table", [renamed(), unread()])
def test_every_use_of_a_model_says_it_and_refuses_it_where_asked(
    table: Table, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("captum")
    model = make_model()
    uses = (
        lambda strict: predict(model, table, cache=None, strict=strict),
        lambda strict: evaluate(model, table, cache=None, strict=strict),
        lambda strict: explain(model, table, rows=[0], cache=None, strict=strict),
        lambda strict: audit(model, table, rows=2, cache=None, strict=strict),
    )
    for use in uses:
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="chiasm"):
            use(False)
        assert [m for m in caplog.messages if "The model looks at image" in m]
        with pytest.raises(DataError, match="The model looks at image"):
            use(True)


def test_each_row_says_that_it_was_predicted_without() -> None:
    predicted = predict(make_model(), renamed(), cache=None)
    assert {(p.row, p.field, p.position) for p in predicted.problems} == {
        ("r0", "image", 0),
        ("r1", "image", 1),
    }

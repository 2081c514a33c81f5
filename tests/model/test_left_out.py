"""Whose text or audio the model sees only a part of: counted, and named."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from chiasm.data.media.facts import AudioFacts
from chiasm.data.table import Table
from chiasm.encoders.base import Encoder
from chiasm.inference.left_out import LeftOut, TokenLimits
from chiasm.model.dataset import encode_table
from chiasm.model.left_out import left_out, note_left_out, unsuited_encoders
from chiasm.model.predictions import predict

from .letters import LetterEncoder, make_model, make_table


class Reader(LetterEncoder):
    """Reads four letters of a text, and knows no x."""

    def left_out(self, table: Table) -> Mapping[int, Sequence[LeftOut]]:
        limits = TokenLimits(most=4, special=0, unknown=ord("x"), wordless=frozenset(b" "))
        texts = enumerate(table.values["text"])
        return {row: limits.left_out(text.encode()) for row, text in texts if isinstance(text, str)}


def table_of(*lengths: float | None) -> Table:
    """Rows with audio of so many seconds."""
    facts = [
        None if s is None else AudioFacts(s, rate=8_000, channels=1, digest="") for s in lengths
    ]
    audio = tuple(None if s is None else str(s).encode() for s in lengths)
    table = make_table(text=["a"] * len(lengths))
    return replace(table, values=table.values | {"audio": audio}, facts={"audio": tuple(facts)})


def hearing(seconds: float) -> dict[str, Encoder]:
    encoder = LetterEncoder("audio")
    encoder.max_seconds = seconds
    return {"text": LetterEncoder("text"), "audio": encoder}


def test_each_audio_that_is_longer_than_what_is_read_is_noted_by_row() -> None:
    found = left_out(table_of(2.0, 12.34, None, 2.01), hearing(2.0))
    assert [(p.row, p.detail, p.position) for p in found] == [
        ("r1", "12.3 s", 1),
        ("r3", "2.0 s", 3),
    ]
    assert {(p.field, p.reason, p.action) for p in found} == {
        ("audio", "longer than 2 s; only the beginning is read", "noted")
    }


def test_nothing_is_cut_where_no_audio_is_looked_at() -> None:
    assert left_out(table_of(99.0), {"text": LetterEncoder("text")}) == ()
    assert left_out(make_table(text=["a"]), hearing(2.0)) == ()


def test_each_text_that_is_cut_or_not_wholly_known_is_noted_by_row() -> None:
    table = make_table(text=["fine", "longer", "axe", "x x", None, "longx"])
    assert [(p.row, p.reason, p.detail) for p in left_out(table, {"text": Reader("text")})] == [
        ("r1", "longer than 4 tokens; only the beginning is read", "6 tokens"),
        ("r2", "has words or signs that its encoder does not know", "1 of 3 tokens"),
        ("r3", "nothing in it is known to its encoder", "2 of 3 tokens"),
        ("r5", "longer than 4 tokens; only the beginning is read", "5 tokens"),
        ("r5", "has words or signs that its encoder does not know", "1 of 5 tokens"),
    ]


def test_a_line_says_how_many_were_cut_and_names_the_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, logger="chiasm"):
        encode_table(table_of(1.0, None), hearing(2.5), cache=None)
        assert not caplog.messages
        encode_table(table_of(1.0, None, *[3.0] * 7), hearing(2.5), cache=None)
    assert caplog.messages == [
        "7 rows noted: audio: longer than 2.5 s; only the beginning is read: rows r2 (3.0 s), "
        "r3 (3.0 s), r4 (3.0 s), r5 (3.0 s), r6 (3.0 s) and 2 more"
    ]


def test_what_is_noted_in_the_table_is_noted_once_and_said_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    encoders = {"text": Reader("text")}
    noted = note_left_out(make_table(text=["axe"]), encoders)
    assert len(noted.problems) == 1
    assert note_left_out(noted, encoders) == noted
    with caplog.at_level(logging.WARNING, logger="chiasm"):
        encode_table(noted, encoders, cache=None)
    assert not caplog.messages


def test_predictions_come_with_what_was_left_out() -> None:
    model = make_model()
    model.encoders["text"] = Reader("text")
    predicted = predict(model, make_table(text=["fine", "axe"], image=[b"a", b"b"]), cache=None)
    assert [(p.row, p.field) for p in predicted.problems] == [("r1", "text")]


@pytest.mark.parametrize(
    ("texts", "many"),
    [
        (["xx", *["fine"] * 99], True),
        (["xx", *["fine"] * 100], False),
        ([*["axe"] * 10, *["fine"] * 90], True),
        ([*["axe"] * 9, *["fine"] * 91], False),
    ],
)
def test_an_encoder_that_does_not_know_many_texts_is_warned_of(
    texts: list[str], many: bool
) -> None:
    said = unsuited_encoders(make_table(text=texts), {"text": Reader("text")})
    assert len(said) == many
    for sentence in said:
        assert f"letters knows nothing of {texts.count('xx')} of {len(texts)} texts" in sentence

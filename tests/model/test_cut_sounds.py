"""Whose sound is longer than what is read: counted, and named."""

import logging
from dataclasses import replace

import pytest

from chiasm.data.table import SoundFacts, Table
from chiasm.encoders.base import Encoder
from chiasm.model.cut_sounds import cut_sounds
from chiasm.model.dataset import encode_table

from .letters import LetterEncoder, make_table


def table_of(*lengths: float | None) -> Table:
    """Rows with sounds of so many seconds."""
    facts = [
        None if s is None else SoundFacts(s, rate=8_000, channels=1, digest="") for s in lengths
    ]
    sounds = tuple(None if s is None else str(s).encode() for s in lengths)
    table = make_table(text=["a"] * len(lengths))
    return replace(table, values=table.values | {"audio": sounds}, sounds=tuple(facts))


def hearing(seconds: float) -> dict[str, Encoder]:
    encoder = LetterEncoder("audio")
    encoder.max_seconds = seconds
    return {"text": LetterEncoder("text"), "audio": encoder}


def test_each_sound_that_is_longer_than_what_is_read_is_noted_by_row() -> None:
    found = cut_sounds(table_of(2.0, 12.34, None, 2.01), hearing(2.0))
    assert [(p.row, p.detail) for p in found] == [("r1", "12.3 s"), ("r3", "2.0 s")]
    assert {(p.field, p.reason, p.action) for p in found} == {
        ("audio", "longer than 2 s; only the beginning is read", "noted")
    }


def test_nothing_is_cut_where_no_sound_is_looked_at() -> None:
    assert cut_sounds(table_of(99.0), {"text": LetterEncoder("text")}) == ()
    assert cut_sounds(make_table(text=["a"]), hearing(2.0)) == ()


def test_a_line_says_how_many_were_cut_and_names_the_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, logger="chiasm"):
        encode_table(table_of(1.0, None), hearing(2.5), cache=None)
        assert not caplog.messages
        encode_table(table_of(1.0, None, *[3.0] * 7), hearing(2.5), cache=None)
    assert caplog.messages == [
        "7 of 8 sounds are longer than 2.5 s; only the beginning is read: "
        "rows r2, r3, r4, r5, r6 and 2 more"
    ]

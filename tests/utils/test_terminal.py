"""Nothing that is printed is taken for a command by a terminal."""

import io
import logging
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.progress import Progress, TextColumn
from rich.table import Table

from chiasm.utils.terminal import Terminal, VisibleFormatter, visible

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def is_harmless(text: str) -> bool:
    return not any(
        (unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t") or sign in BIDI
        for sign in text
    )


@given(ANY_TEXT)
@example("\x1b]0;title\x07\x1b[2J\x9b31m\r\u202egnp")
def test_no_control_character_is_left(text: str) -> None:
    assert is_harmless(visible(text))


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_emoji_and_scripts_keep_their_joiners() -> None:
    assert visible("👩‍💻 می‌خواهم\n\t") == "👩‍💻 می‌خواهم\n\t"


@given(ANY_TEXT)
@example("[/x] [red]\x1b[2J :smile: \udcff")
def test_texts_are_printed_as_they_are_but_for_controls(text: str) -> None:
    file = io.StringIO()
    console = Terminal(file=file, width=200, color_system=None)
    table = Table(text, title=text)
    table.add_row(text)
    for each in (text, table):
        console.print(each)
    with Progress(TextColumn("{task.description}", markup=False), console=console) as progress:
        progress.add_task(text)
    assert is_harmless(file.getvalue())


def test_brackets_and_colons_are_no_markup() -> None:
    file = io.StringIO()
    console = Terminal(file=file, width=200)
    table = Table("[/column]", title="[red]title")
    table.add_row(":smile:")
    console.print("[/x] :smile:")
    console.print(table)
    for shown in ("[/x] :smile:", "[/column]", "[red]title"):
        assert shown in file.getvalue()


def test_a_line_of_the_log_shows_its_controls() -> None:
    record = logging.makeLogRecord({"msg": "row %s", "args": ("\x1b[2Ja",)})
    assert VisibleFormatter("%(message)s").format(record) == "row \\x1b[2Ja"


@pytest.mark.parametrize("byte", range(0x80, 0x100))
def test_bytes_of_undecodable_names_are_shown_as_numbers(byte: int) -> None:
    name = bytes([byte]).decode("utf-8", "surrogateescape")
    assert visible(name) == f"\\x{byte:02x}"

"""Nothing is hidden in a table of text: no row in a cell, no cell in another separator."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from chiasm.data.readers.delimited import read_delimited
from chiasm.data.reading import read
from chiasm.errors import DataError

ROWS = [f"text number {i},{'pos' if i % 2 else 'neg'}" for i in range(20)]


def read_text(lines: list[str], delimiter: str = ",") -> tuple[dict, dict]:
    found = read_delimited(Path("t.csv"), "\n".join(lines), delimiter)
    assert not found.doubtful
    return found.columns, found.broken


@pytest.mark.parametrize("closing", ['it is of 6",neg', '"quoted, too",neg', 'say "hi",neg'])
@pytest.mark.parametrize("at", [0, 5, 17])
def test_rows_inside_a_quoted_cell_are_named(closing: str, at: int) -> None:
    lines = ["text,label", *ROWS[:at], '"never closed,pos', *ROWS[at : at + 3], closing, *ROWS]
    with pytest.raises(DataError, match=rf"lines {at + 2} to {at + 6}\. .*write that quote twice"):
        read_text(lines)


def test_a_file_whose_quote_takes_rows_into_a_cell_is_refused(tmp_path: Path) -> None:
    lines = ["text,label", *ROWS[:5], '"never closed,pos', *ROWS[5:8], 'it is of 6",neg', *ROWS[8:]]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"lines 7 to 11\. .*write that quote twice"):
        read(path)


def test_a_stray_quote_between_tabs_takes_no_row_of_a_file(tmp_path: Path) -> None:
    rows = [row.replace(",", "\t") for row in ROWS]
    rows[5], rows[9] = '"never closed\tpos', 'it is of 6"\tpos'
    path = tmp_path / "t.tsv"
    path.write_text("\n".join(["text\tlabel", *rows]))
    table = read(path)
    assert len(table) == 20
    assert table.labels == ("neg", "pos") * 10
    assert not table.problems


def test_several_such_places_are_counted() -> None:
    place = ['"open,pos', "between,neg", 'closed",pos']
    with pytest.raises(DataError, match="lines 2 to 4, 6 to 8, 10 to 12 and 2 more"):
        read_text(["text,label", *[*place, "plain,pos"] * 5, *ROWS])


def test_reviews_of_several_lines_are_cells() -> None:
    review = ['"It came, late', "and wet, too", "", 'but ""works"", fine, really",neg']
    columns, broken = read_text(["text,label", *ROWS, *review, *ROWS])
    assert not broken
    assert columns["text"][20] == 'It came, late\nand wet, too\n\nbut "works", fine, really'
    assert len(columns["label"]) == 41


@pytest.mark.parametrize(
    ("header", "review"),
    [
        ("text,label", '"It came late\nand wet",pos'),
        ("label,text", 'pos,"It came late\nand wet, too"'),
        ("id,label,text", '7,pos,"It came late\n\nand wet"'),
        ("text,label,id", '"It came, late\nand, wet",pos,7'),
    ],
)
def test_the_cells_beside_a_review_of_several_lines_do_not_make_rows_of_its_lines(
    header: str, review: str
) -> None:
    names = header.split(",")
    cells = {"text": "text number {i}", "label": "{label}", "id": "{i}"}
    row = ",".join(cells[name] for name in names)
    rows = [row.format(i=i, label="pos" if i % 2 else "neg") for i in range(20)]
    columns, broken = read_text([header, *rows[:10], review, *rows[10:]])
    assert not broken
    assert columns["label"][9:12] == ["pos", "pos", "neg"]
    assert columns["text"][10].startswith("It came")


@pytest.mark.parametrize("answer", [",answer {i}", ""])
def test_a_quote_that_takes_a_row_is_noticed_where_no_column_has_few_values(answer: str) -> None:
    rows = [f'{i},"text {i}"{answer.format(i=i)}' for i in range(40)]
    rows[7] = rows[7].replace('text 7"', "text 7")
    with pytest.raises(DataError, match="lines 9 to 10"):
        read_text(["id,text" + (",label" if answer else ""), *rows])


@pytest.mark.parametrize("row", ['5,"open,x\n6,closing",y', '5,"open,x\n\n6,closing",y'])
def test_two_rows_in_one_are_noted_where_nothing_tells_them_from_a_review(
    row: str, tmp_path: Path
) -> None:
    rows = [f"{i},text number {i},answer {chr(97 + i) * 3}" for i in range(20)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["id,text,label", *rows[:5], row, *rows[7:]]))
    table = read(path)
    assert len(table) == 19
    (problem,) = [p for p in table.problems if "one cell" in p.reason]
    assert (problem.position, problem.action) == (5, "noted")
    assert f"lines 7 to {7 + row.count(chr(10))}" in problem.reason


@pytest.mark.parametrize("last", ["works well, thanks", "and so on", "2, 3, 4"])
def test_a_review_of_two_lines_is_no_doubt_where_ids_tell(last: str) -> None:
    rows = [f"{i},text number {chr(97 + i) * 3}" for i in range(20)]
    review = f'20,"Dear seller\n{last}"'
    columns, broken = read_text(["id,text", *rows, review])
    assert not broken
    assert columns["text"][20] == f"Dear seller\n{last}"


def test_few_rows_tell_by_their_number_of_cells() -> None:
    with pytest.raises(DataError, match="lines 2 to 4"):
        read_text(["id,text,label", '1,"open,pos', "2,between,neg", '3,closed",neutral'])


def test_between_tabs_a_quote_is_a_letter_where_it_encloses_no_cell() -> None:
    lines = ["text\tlabel", '"open\tpos', "between\tneg", 'of 6"\tneg', 'say "hi"\tpos']
    columns, broken = read_text([*lines, *[row.replace(",", "\t") for row in ROWS]], "\t")
    assert not broken
    assert columns["text"][:4] == ['"open', "between", 'of 6"', 'say "hi"']
    quoted, _ = read_text(["text\tlabel", '"a\ttab and ""quotes"""\tpos'], "\t")
    assert quoted["text"] == ['a\ttab and "quotes"']
    never, _ = read_text(["text\tlabel", '"open\tpos', "last\tneg"], "\t")
    assert never["label"] == ["pos", "neg"]


@pytest.mark.parametrize(
    ("separator", "name"), [(";", "semicolons"), ("\t", r"tabs.*\.tsv"), ("|", r"bars \(\|\)")]
)
def test_another_separator_is_named(separator: str, name: str) -> None:
    with pytest.raises(DataError, match=rf"separated by {name}"):
        read_text([f"text{separator}label", f"very good, really{separator}pos"])
    with pytest.raises(DataError, match="separated by commas, and not by tabs"):
        read_text(["text,label", "good,pos"], "\t")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("text;label\nsehr gut, wirklich;pos\n", "separated by semicolons"),
        ("text\tlabel\nvery good, really\tpos\n", r"separated by tabs.*\.tsv"),
        ("text|label\nvery good, really|pos\n", r"separated by bars \(\|\)"),
    ],
)
def test_a_file_of_another_separator_is_refused_by_its_name(
    content: str, name: str, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=name):
        read(path)


def test_a_single_column_is_a_table() -> None:
    assert read_text(["text", "good", "bad"])[0] == {"text": ["good", "bad"]}


def _workbook() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (_workbook(), "workbook"),
        (gzip.compress(b"text,label", mtime=0), "gzip"),
        (b"PAR1....PAR1", "Parquet"),
        (b"SQLite format 3\0...", "SQLite"),
        (b"%PDF-1.7", "PDF"),
        (b"\xff\xd8\xff\xe0....", "image"),
        (b"\n<!DOCTYPE html><html>", "web page"),
        (b"\x89HDF\r\n\x1a\n...", "HDF5"),
    ],
)
def test_a_file_of_another_kind_is_called_what_it_is(
    content: bytes, kind: str, ending: str, tmp_path: Path
) -> None:
    path = tmp_path / f"t{ending}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"{kind}.*whatever its name says"):
        read(path)


def _tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("rows.csv"))
    return file.getvalue()


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".parquet"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"7z\xbc\xaf\x27\x1c\0\4...", "7z archive"),
        (b"Rar!\x1a\x07\x01\0...", "RAR archive"),
        (_tar(), "tar archive"),
        (gzip.compress(b"text,label", mtime=0), "gzip"),
    ],
)
def test_what_is_packed_is_to_be_unpacked(
    content: bytes, kind: str, ending: str, tmp_path: Path
) -> None:
    path = tmp_path / f"t{ending}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"{kind}.*whatever its name says. Unpack it"):
        read(path)

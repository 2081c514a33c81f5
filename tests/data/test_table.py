"""A table knows which of its rows has which problem, whatever the rows are called."""

from pathlib import Path

from chiasm.data.reading import read
from chiasm.data.table import Table

# Two rows are called a, and the row without an id stands third, as another one says of itself.
ROWS = "id,text,label\na,x,1\na,,1\n,y,0\nrow 3,,0\nb,z,1\n"


def read_rows(folder: Path, *, on_bad: str = "keep") -> Table:
    (folder / "t.csv").write_text(ROWS)
    return read(folder / "t.csv", on_bad=on_bad)


def reasons(table: Table) -> list[list[str]]:
    return [[problem.reason for problem in table.problems_of(row)] for row in range(len(table))]


NO_TEXT = ["empty text", "no readable text"]


def test_a_problem_is_that_of_its_own_row_where_ids_repeat(tmp_path: Path) -> None:
    table = read_rows(tmp_path)
    assert [sorted(found) for found in reasons(table)] == [
        [],
        ["duplicate id", *NO_TEXT],
        ["no id"],
        NO_TEXT,
        [],
    ]
    assert [table.ids[problem.position or 0] for problem in table.problems] == [
        problem.row for problem in table.problems
    ]


def test_a_row_without_an_id_is_never_called_as_another_is(tmp_path: Path) -> None:
    ids = read_rows(tmp_path).ids
    assert ids[2] not in (*ids[:2], *ids[3:])
    assert "3" in ids[2]


def test_rows_that_are_taken_take_their_own_problems_along(tmp_path: Path) -> None:
    table = read_rows(tmp_path)
    taken = table.take([3, 0, 1, 1])
    assert reasons(taken) == [reasons(table)[row] for row in (3, 0, 1, 1)]
    assert len(taken.problems) == sum(map(len, reasons(taken)))


def test_dropped_rows_are_listed_and_blame_no_row_that_stayed(tmp_path: Path) -> None:
    table = read_rows(tmp_path, on_bad="drop")
    assert table.ids == ("a", "b")
    assert reasons(table) == [[], []]
    assert {problem.row for problem in table.take([1]).problems} >= {"a", "row 3"}

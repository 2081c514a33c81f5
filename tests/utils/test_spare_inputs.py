"""No output takes the place of what is read, by whatever name either is called."""

import os
from pathlib import Path

import pytest

from chiasm.errors import ChiasmError
from chiasm.utils.outputs import spare_inputs


@pytest.fixture
def table(tmp_path: Path) -> Path:
    table = tmp_path / "data" / "table.csv"
    table.parent.mkdir()
    table.write_text("text,label\n")
    return table


def by_another_spelling(table: Path) -> Path:
    return table.parent / ".." / "data" / "table.csv"


def by_symbolic_link(table: Path) -> Path:
    link = table.parents[1] / "link.csv"
    link.symlink_to(table)
    return link


def by_hard_link(table: Path) -> Path:
    link = table.parents[1] / "link.csv"
    os.link(table, link)
    return link


def by_its_folder(table: Path) -> Path:
    return table.parent


def by_a_link_to_its_folder(table: Path) -> Path:
    link = table.parents[1] / "link"
    link.symlink_to(table.parent)
    return link


@pytest.mark.parametrize(
    "name",
    [by_another_spelling, by_symbolic_link, by_hard_link, by_its_folder, by_a_link_to_its_folder],
)
def test_an_output_that_is_an_input_is_refused(name: "object", table: Path) -> None:
    assert callable(name)
    with pytest.raises(ChiasmError, match="which is read"):
        spare_inputs([None, name(table)], [table])


def test_an_input_that_is_a_link_is_spared(table: Path) -> None:
    with pytest.raises(ChiasmError, match="which is read"):
        spare_inputs([table], [by_symbolic_link(table)])


def test_other_outputs_are_let_pass(table: Path) -> None:
    earlier = table.parent / "predictions.csv"
    earlier.touch()
    new = table.parent / "new"
    spare_inputs([None, earlier, new, new / "x.csv"], [table, Path("nowhere"), Path("\0")])
    # A folder in it is in no danger.
    spare_inputs([table.parents[1]], [table, table.parent])

"""TextTable: a table of words and figures, for the screen, for Markdown and for pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table as Grid
from rich.text import Text


@dataclass(frozen=True)
class TextTable:
    """Cells as they are to be read; the first column names the rows."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def grid(self) -> Grid:
        """For the terminal; what looks like markup in a cell is shown as it is."""
        grid = Grid(
            title=Text(self.title), title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
        )
        grid.add_column(Text(self.header[0]), no_wrap=True)
        for column, name in enumerate(self.header[1:], start=1):
            figures = all(_is_figure(row[column]) for row in self.rows)
            grid.add_column(Text(name), justify="right" if figures else "left")
        for row in self.rows:
            grid.add_row(*map(Text, row))
        return grid

    def markdown(self) -> str:
        """As a table of Markdown."""
        lines = [self.header, ("---",) * len(self.header), *self.rows]
        return "\n".join(
            "| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines
        )


def _is_figure(cell: str) -> bool:
    return not cell or cell.lstrip("+-")[:1].isdigit()

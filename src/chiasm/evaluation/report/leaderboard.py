"""A comparison as a table: on screen and in Markdown."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from chiasm.evaluation.comparison import Comparison, ComparisonRow, Difference, Score

_COLUMNS = (
    "model",
    "accuracy ± sd",
    "95 % interval",
    "macro-F1 ± sd",
    "95 % interval",
    "gain in accuracy",
    "weighted F1",
    "ECE",
    "parameters",
    "seconds",
)
_LEGEND = (
    "± sd: over the folds. 95 % interval: bootstrap over groups of duplicates. Gain: points of "
    "accuracy over the best single modality, with the paired 95 % interval."
)


def render_comparison(comparison: Comparison) -> RenderableType:
    """The finding and the leaderboard for the terminal."""
    grid = Grid(show_edge=False)
    for index, name in enumerate(_COLUMNS):
        grid.add_column(name, justify="right" if index else "left")
    for row in comparison.rows:
        grid.add_row(*_cells(row))
    return Group(Text(comparison.finding, style="bold"), grid, Text(_LEGEND, style="dim"))


def markdown_report(comparison: Comparison, classes: Sequence[str], command: str) -> str:
    """The report as Markdown: the finding first, how to run it again last."""
    parts = [
        f"# {comparison.finding}",
        _markdown_table(_COLUMNS, [_cells(row) for row in comparison.rows]),
        _LEGEND,
        "![accuracy and macro-F1](scores.png)",
        "![confusion matrices](confusion.png)",
        "## Per class",
        _markdown_table(
            ("model", "class", "precision", "recall", "F1", "rows"),
            [cells for row in comparison.rows for cells in _class_cells(row)],
        ),
        "## Averages over the classes",
        _markdown_table(
            ("model", "average", "precision", "recall", "F1"),
            [cells for row in comparison.rows for cells in _average_cells(row)],
        ),
        f"Classes: {', '.join(classes)}. Made by:\n\n```\n{command}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _cells(row: ComparisonRow) -> list[str]:
    return [
        row.name,
        _mean(row.accuracy),
        _bounds(row.accuracy),
        _mean(row.macro_f1),
        _bounds(row.macro_f1),
        _gain(row.accuracy_gain),
        f"{row.metrics.weighted.f1:.3f}",
        f"{row.metrics.ece:.3f}",
        f"{row.parameters:,}",
        f"{row.seconds:.0f}",
    ]


def _mean(score: Score) -> str:
    return f"{score.mean:.3f} ± {score.sd:.3f}"


def _bounds(score: Score) -> str:
    return f"{score.low:.3f} to {score.high:.3f}"


def _gain(gain: Difference | None) -> str:
    if gain is None:
        return ""
    return f"{100 * gain.mean:+.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"


def _class_cells(row: ComparisonRow) -> list[list[str]]:
    return [
        [row.name, c.label, f"{c.precision:.3f}", f"{c.recall:.3f}", f"{c.f1:.3f}", f"{c.rows:,}"]
        for c in row.metrics.per_class
    ]


def _average_cells(row: ComparisonRow) -> list[list[str]]:
    averages = {"macro": row.metrics.macro, "weighted": row.metrics.weighted}
    return [
        [row.name, name, f"{a.precision:.3f}", f"{a.recall:.3f}", f"{a.f1:.3f}"]
        for name, a in averages.items()
    ]


def _markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", r"\|") for cell in x) + " |" for x in lines
    )

"""Metrics as tables for the terminal."""

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table as Grid

from chiasm.evaluation.metrics import Average, Metrics


def render_metrics(metrics: Metrics, title: str) -> RenderableType:
    """Per class, averages, and the confusion matrix."""
    return Group(_scores(metrics, title), _confusion(metrics))


def _scores(metrics: Metrics, title: str) -> Grid:
    grid = Grid(title=f"{escape(title)}: {metrics.rows:,} rows, accuracy {metrics.accuracy:.3f}")
    grid.add_column("class")
    for name in ("precision", "recall", "F1", "rows"):
        grid.add_column(name, justify="right")
    for one in metrics.per_class:
        own = Average(one.precision, one.recall, one.f1)
        grid.add_row(escape(one.label), *_figures(own), f"{one.rows:,}")
    grid.add_section()
    grid.add_row("macro average", *_figures(metrics.macro))
    grid.add_row("weighted average", *_figures(metrics.weighted))
    grid.caption = f"log loss {metrics.log_loss:.3f}, calibration error (ECE) {metrics.ece:.3f}"
    return grid


def _figures(average: Average) -> list[str]:
    return [f"{x:.3f}" for x in (average.precision, average.recall, average.f1)]


def _confusion(metrics: Metrics) -> Grid:
    grid = Grid(title="confusion matrix")
    labels = [escape(one.label) for one in metrics.per_class]
    grid.add_column("true \\ predicted")
    for label in labels:
        grid.add_column(label, justify="right")
    for label, counts in zip(labels, metrics.confusion, strict=True):
        grid.add_row(label, *(f"{count:,}" for count in counts))
    return grid

"""A comparison, metrics and a shift, in tables and words: on screen and in Markdown."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table as Grid
from rich.text import Text

from chiasm.evaluation.comparison import Comparison, ComparisonRow, Difference, Score
from chiasm.evaluation.shift import Shift
from chiasm.tasks.metrics import Average, Metrics
from chiasm.utils.text_table import TextTable

_DEVIATION = "± standard deviation over the folds; "
_INTERVALS = "In brackets the 95 % interval, by a bootstrap over groups of duplicates."
_GAIN = " Gain: points of accuracy over the best single modality, on the same resamples."


def render_comparison(comparison: Comparison) -> RenderableType:
    """The finding and the tables for the terminal."""
    grids = [text_table.grid() for text_table in comparison_tables(comparison)]
    finding, legend = Text(comparison.finding, style="bold"), Text(_legend(comparison), style="dim")
    return Group(finding, grids[0], legend, *grids[1:])


def markdown_report(comparison: Comparison, classes: Sequence[str], command: str) -> str:
    """The report as Markdown: the finding first, how to run it again last."""
    scores, *details = comparison_tables(comparison)
    parts = [
        f"# {comparison.finding}",
        scores.markdown(),
        _legend(comparison),
        "![accuracy and macro-F1](scores.png)",
        "![confusion matrices](confusion.png)",
        *(f"## {text_table.title}\n\n{text_table.markdown()}" for text_table in details),
        f"Classes: {', '.join(classes)}. Made by:\n\n```\n{command}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _legend(comparison: Comparison) -> str:
    """How to read what the scores show: one model has neither folds nor a gain."""
    intervals, gain = _INTERVALS, ""
    if any(row.accuracy.sd is not None for row in comparison.rows):
        intervals = _DEVIATION + _INTERVALS[0].lower() + _INTERVALS[1:]
    if _gains(comparison.rows):
        gain = _GAIN
    return intervals + gain


def _gains(rows: Sequence[ComparisonRow]) -> bool:
    return any(row.accuracy_gain for row in rows)


def comparison_tables(comparison: Comparison) -> tuple[TextTable, ...]:
    """Scores, averages and costs, and each class, with a line for each model."""
    rows = comparison.rows
    labels = tuple(one.label for one in rows[0].metrics.per_class)
    return (
        TextTable(
            "Scores",
            ("model", "accuracy", "macro-F1", *(["gain in accuracy"] if _gains(rows) else [])),
            [
                (
                    r.name,
                    _score(r.accuracy),
                    _score(r.macro_f1),
                    *([_gain(r.accuracy_gain)] if _gains(rows) else []),
                )
                for r in rows
            ],
        ),
        TextTable(
            "Averages over the classes (precision / recall / F1), calibration and cost",
            ("model", "macro", "weighted", "ECE", "parameters", "seconds"),
            [_costs(row) for row in rows],
        ),
        TextTable(
            "Each class (precision / recall / F1)",
            ("model", *labels),
            [
                (
                    r.name,
                    *(_triple(Average(c.precision, c.recall, c.f1)) for c in r.metrics.per_class),
                )
                for r in rows
            ],
        ),
    )


def _costs(row: ComparisonRow) -> tuple[str, ...]:
    metrics = row.metrics
    averages = (_triple(metrics.macro), _triple(metrics.weighted), f"{metrics.ece:.3f}")
    return (row.name, *averages, f"{row.parameters:,}", f"{row.seconds:.0f}")


def _score(score: Score) -> str:
    deviation = "" if score.sd is None else f" ± {score.sd:.3f}"
    return f"{score.mean:.3f}{deviation} ({score.low:.3f} to {score.high:.3f})"


def _gain(gain: Difference | None) -> str:
    if gain is None:
        return ""
    return f"{100 * gain.mean:+.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"


def _triple(average: Average) -> str:
    return f"{average.precision:.3f} / {average.recall:.3f} / {average.f1:.3f}"


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


def shift_line(modality: str, shift: Shift) -> str:
    """What is known of a modality whose shift is large, in a sentence."""
    lost = (shift.training - shift.test) * 100
    low, high = shift.difference.low * 100, shift.difference.high * 100
    return (
        f"{modality} looks different in the test rows: alone, it decides with a probability of "
        f"{shift.training:.2f} on training rows that it has not seen, and of {shift.test:.2f} on "
        f"test rows. Expect {lost:.0f} points of accuracy less of it there (95 % interval "
        f"{low:.0f} to {high:.0f})."
    )

import io
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console, RenderableType

from chiasm.evaluation.comparison import Comparison
from chiasm.evaluation.figures import draw_confusions, draw_scores
from chiasm.evaluation.tables import markdown_report, render_comparison, render_metrics

from .made_up import CLASSES, compare, compare_all, compare_one, draw_labels

COMMAND = "chiasm compare reviews.csv --out report"


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare_all()


def show(renderable: RenderableType) -> str:
    console = Console(width=300, file=io.StringIO())
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def tables(markdown: str) -> list[list[list[str]]]:
    """The cells of every line of every table."""
    blocks = [block.splitlines() for block in markdown.split("\n\n") if block.startswith("|")]
    return [[re.split(r" (?<!\\)\| ", f" {line} ")[1:-1] for line in lines] for lines in blocks]


def test_a_report_on_some_folds_says_which() -> None:
    labels = draw_labels(60)
    report = markdown_report(
        compare({"text": labels}, labels, folds=np.full(60, 1), of_folds=3), CLASSES, COMMAND
    )
    assert report.splitlines()[0].endswith("on 1 of 3 folds (2).")
    assert "| 1.000 (1.000 to 1.000) |" in report


def test_the_report_of_one_model_speaks_of_neither_folds_nor_gains() -> None:
    labels = draw_labels(60)
    one_fold = compare_one(labels, labels)
    report = markdown_report(one_fold, CLASSES, COMMAND)
    assert "folds" not in report
    assert not re.search("gain", report, re.IGNORECASE)
    assert "In brackets the 95 % interval" in report


def test_the_markdown_begins_with_the_finding_and_ends_with_the_command(
    comparison: Comparison,
) -> None:
    report = markdown_report(comparison, CLASSES, COMMAND)
    assert report.splitlines()[0] == f"# {comparison.finding}"
    assert report.endswith(f"```\n{COMMAND}\n```\n")


def test_every_table_of_the_markdown_has_a_line_for_each_model(comparison: Comparison) -> None:
    report = markdown_report(comparison, CLASSES, COMMAND)
    names = [row.name for row in comparison.rows]
    assert tables(report)
    for header, rule, *lines in tables(report):
        assert header[0] == "model"
        assert set(rule) == {"---"}
        assert list(dict.fromkeys(line[0] for line in lines)) == names


def test_the_markdown_tells_scores_intervals_and_each_class_of_every_model(
    comparison: Comparison,
) -> None:
    report = markdown_report(comparison, CLASSES, COMMAND)
    for row in comparison.rows:
        told = " ".join(" ".join(line) for t in tables(report) for line in t if line[0] == row.name)
        for score in (row.accuracy, row.macro_f1):
            assert f"{score.mean:.3f} ± {score.sd:.3f}" in told
            assert f"{score.low:.3f} to {score.high:.3f}" in told
        averages = (row.metrics.macro, row.metrics.weighted)
        for one in (*row.metrics.per_class, *averages):
            assert all(f"{x:.3f}" in told for x in (one.precision, one.recall, one.f1))
        assert f"{row.parameters:,}" in told
    assert all(label in str(tables(report)) for label in CLASSES)


def test_a_pipe_in_the_name_of_a_class_does_not_break_a_table() -> None:
    classes = ("a|b", "|", "plain")
    report = markdown_report(compare_all(classes=classes), classes, COMMAND)
    assert r" a\|b " in report
    for header, *lines in tables(report):
        assert all(len(line) == len(header) for line in lines)


def test_the_leaderboard_on_screen_begins_with_the_finding(comparison: Comparison) -> None:
    shown = show(render_comparison(comparison))
    assert shown.startswith(comparison.finding[:60])
    for row in comparison.rows:
        assert re.search(rf"{row.name}\s.*{row.accuracy.mean:.3f} ± ", shown)


def test_the_leaderboard_on_screen_names_classes_as_they_are() -> None:
    classes = ("[bold]", "[/b]", "a]")
    shown = show(render_comparison(compare_all(classes=classes)))
    assert all(label in shown for label in classes)


def test_metrics_on_screen_name_classes_as_they_are() -> None:
    classes = ("[bold]", "[/b]", "a]")
    shown = show(render_metrics(compare_all(classes=classes).rows[1].metrics, "[x] data.csv"))
    assert "[x] data.csv: 200 rows" in shown
    for label in classes:
        assert shown.count(label) == 3


def measure(path: Path) -> tuple[int, int]:
    assert path.stat().st_size > 10_000
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG"
        # Not a blank sheet.
        assert len(image.convert("L").getcolors() or []) > 20
        return image.size


def test_figures_are_images_that_a_page_can_show(comparison: Comparison, tmp_path: Path) -> None:
    draw_scores(comparison, tmp_path / "scores.png")
    draw_confusions(comparison, CLASSES, tmp_path / "confusion.png")
    for name in ("scores.png", "confusion.png"):
        width, height = measure(tmp_path / name)
        assert 600 < width < 4000
        assert 300 < height < 4000


def test_names_of_classes_are_neither_formulas_nor_too_long_to_draw(tmp_path: Path) -> None:
    classes = (r"$\frac{$", "$5 to $10", "so long a name that no figure has room for it " * 9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_confusions(compare_all(classes=classes), classes, tmp_path / "confusion.png")
    measure(tmp_path / "confusion.png")


def test_many_classes_make_no_endless_image(tmp_path: Path) -> None:
    classes = tuple(f"answer {i}" for i in range(50))
    labels = draw_labels(100, classes=50)
    draw_confusions(compare({"text": labels}, labels, classes=classes), classes, tmp_path / "c.png")
    assert max(measure(tmp_path / "c.png")) < 2000


@pytest.mark.parametrize("fused", [0.0, 1.0])
def test_scores_at_the_ends_of_the_scale_can_be_drawn(tmp_path: Path, fused: float) -> None:
    comparison = compare_all(fused=fused)
    draw_scores(comparison, tmp_path / "scores.png")
    measure(tmp_path / "scores.png")

import io
import json
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from rich.console import Console, RenderableType

from chiasm.evaluation.comparison import Comparison
from chiasm.evaluation.report.figures import draw_confusions, draw_scores
from chiasm.evaluation.report.leaderboard import markdown_report, render_comparison
from chiasm.evaluation.report.metrics_view import render_metrics
from chiasm.evaluation.report.write_report import write_report

from .made_up import CLASSES, compare, compare_all, draw_labels

COMMAND = "chiasm compare reviews.csv --out report"


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare_all()


@pytest.fixture(scope="module")
def folder(comparison: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "made" / "on the way"
    write_report(comparison, folder, command=COMMAND)
    return folder


def show(renderable: RenderableType) -> str:
    console = Console(width=300, file=io.StringIO())
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def tables(markdown: str) -> list[list[list[str]]]:
    """The cells of every line of every table."""
    blocks = [block.splitlines() for block in markdown.split("\n\n") if block.startswith("|")]
    return [[re.split(r" (?<!\\)\| ", f" {line} ")[1:-1] for line in lines] for lines in blocks]


def test_a_report_is_json_markdown_predictions_and_two_pictures(folder: Path) -> None:
    assert {file.name for file in folder.iterdir()} == {
        "report.json",
        "report.md",
        "predictions.csv",
        "scores.png",
        "confusion.png",
    }


def test_the_json_holds_every_number_of_the_comparison(
    folder: Path, comparison: Comparison
) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    content = json.loads((folder / "report.json").read_text("utf-8"), parse_constant=refuse)
    assert content["finding"] == comparison.finding
    assert content["classes"] == list(CLASSES)
    assert content["command"] == COMMAND
    assert [row["name"] for row in content["rows"]] == [row.name for row in comparison.rows]
    for written, row in zip(content["rows"], comparison.rows, strict=True):
        accuracy, macro_f1 = row.accuracy, row.macro_f1
        assert written["accuracy"] == {
            "mean": accuracy.mean,
            "sd": accuracy.sd,
            "low": accuracy.low,
            "high": accuracy.high,
        }
        assert written["macro_f1"]["mean"] == macro_f1.mean
        assert (written["parameters"], written["seconds"]) == (row.parameters, row.seconds)
        assert written["metrics"]["confusion"] == [list(x) for x in row.metrics.confusion]
    gains = {row["name"]: row["accuracy_gain"] for row in content["rows"]}
    assert gains["text"] is None
    assert gains["concat"].keys() == {"mean", "low", "high"}


def test_a_report_on_some_folds_says_which(tmp_path: Path) -> None:
    labels = draw_labels(60)
    write_report(
        compare({"text": labels}, labels, folds=np.full(60, 1), of_folds=3), tmp_path, command=""
    )
    content = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert content["folds"] == {"run": [2], "of": 3}
    assert content["rows"][0]["accuracy"]["sd"] is None
    report = (tmp_path / "report.md").read_text("utf-8")
    assert report.splitlines()[0].endswith("on 1 of 3 folds (2).")
    assert "| 1.000 (1.000 to 1.000) |" in report
    assert set(pd.read_csv(tmp_path / "predictions.csv").fold) == {2}


def test_the_predictions_of_every_model_give_its_accuracy_again(
    folder: Path, comparison: Comparison
) -> None:
    written = pd.read_csv(folder / "predictions.csv")
    assert len(written) == len(comparison.rows) * len(comparison.tested.ids)
    correct = written.label == written.predicted
    for row in comparison.rows:
        assert correct[written.model == row.name].mean() == pytest.approx(row.metrics.accuracy)


def test_the_markdown_begins_with_the_finding_and_ends_with_the_command(
    folder: Path, comparison: Comparison
) -> None:
    report = (folder / "report.md").read_text("utf-8")
    assert report.splitlines()[0] == f"# {comparison.finding}"
    assert report.endswith(f"```\n{COMMAND}\n```\n")
    for picture in re.findall(r"!\[.*\]\((.*)\)", report):
        assert (folder / picture).is_file()


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
    with Image.open(path) as picture:
        picture.load()
        assert picture.format == "PNG"
        # Not a blank sheet.
        assert len(picture.convert("L").getcolors() or []) > 20
        return picture.size


def test_figures_are_pictures_that_a_page_can_show(folder: Path) -> None:
    for name in ("scores.png", "confusion.png"):
        width, height = measure(folder / name)
        assert 600 < width < 4000
        assert 300 < height < 4000


def test_names_of_classes_are_neither_formulas_nor_too_long_to_draw(tmp_path: Path) -> None:
    classes = (r"$\frac{$", "$5 to $10", "so long a name that no figure has room for it " * 9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_confusions(compare_all(classes=classes), classes, tmp_path / "confusion.png")
    measure(tmp_path / "confusion.png")


def test_many_classes_make_no_endless_picture(tmp_path: Path) -> None:
    classes = tuple(f"answer {i}" for i in range(50))
    labels = draw_labels(100, classes=50)
    draw_confusions(compare({"text": labels}, labels, classes=classes), classes, tmp_path / "c.png")
    assert max(measure(tmp_path / "c.png")) < 2000


@pytest.mark.parametrize("fused", [0.0, 1.0])
def test_scores_at_the_ends_of_the_scale_can_be_drawn(tmp_path: Path, fused: float) -> None:
    comparison = compare_all(fused=fused)
    draw_scores(comparison, tmp_path / "scores.png")
    measure(tmp_path / "scores.png")

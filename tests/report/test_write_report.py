import html
import json
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from chiasm.report.content import Report
from chiasm.report.files import write_report
from chiasm.report.page import render_page

from .made_up import CLASSES, HOSTILE, ROWS, make_report

COMMAND = "chiasm compare reviews.csv --out 'a <b>'"
SECTIONS = (
    "scores",
    "confusion",
    "calibration",
    "learning",
    "contributions",
    "robustness",
    "mistakes",
    "uncertain",
    "label-errors",
    "data",
    "again",
)
VOID = {"meta", "img", "br", "link", "input", "hr"}


@pytest.fixture(scope="module")
def report() -> Report:
    return make_report(command=COMMAND)


@pytest.fixture(scope="module")
def folder(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "made" / "on the way"
    write_report(report, folder)
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "report.html").read_text("utf-8")


class Elements(HTMLParser):
    """Every element is closed where it was opened; all attributes and texts are kept."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        assert len({name for name, _ in attrs}) == len(attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)


@pytest.fixture(scope="module")
def elements(page: str) -> Elements:
    return Elements(page)


def test_a_report_is_a_page_its_numbers_and_its_figures(folder: Path) -> None:
    assert {file.name for file in folder.iterdir()} == {
        "report.html",
        "report.json",
        "report.md",
        "predictions.csv",
        "contributions.csv",
        "label_errors.csv",
        "scores.png",
        "confusion.png",
        "reliability.png",
        "learning.png",
        "contributions.png",
    }
    for file in folder.glob("*.png"):
        with Image.open(file) as image:
            assert len(image.convert("L").getcolors() or []) > 20


def test_the_page_begins_with_the_finding(elements: Elements, report: Report) -> None:
    words = [text.strip() for text in elements.texts if text.strip()]
    assert words[:2] == [report.comparison.finding] * 2  # the title of the window and the page's


def test_the_page_is_whole_html_whose_links_lead_somewhere(page: str, elements: Elements) -> None:
    assert page.startswith("<!DOCTYPE html>")
    ids = [value for _, name, value in elements.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = [value for tag, name, value in elements.attributes if (tag, name) == ("a", "href")]
    assert links
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert all(reference in ids for reference in re.findall(r"url\(#(.*?)\)", page))


def test_every_section_is_there_and_has_something_to_say(page: str, elements: Elements) -> None:
    headed = [v for tag, name, v in elements.attributes if (tag, name) == ("section", "id")]
    assert headed == list(SECTIONS)
    assert elements.found["h2"] == len(SECTIONS)
    assert elements.found["svg"] == 3
    assert 12 < elements.found["article"] <= 18


def test_the_page_asks_nothing_of_the_network_and_runs_nothing(elements: Elements) -> None:
    assert not {"script", "link", "iframe", "object", "embed", "base"} & set(elements.found)
    for tag, name, value in elements.attributes:
        assert not name.startswith("on")
        if name in ("src", "href", "xlink:href", "srcset", "poster", "action"):
            assert value.startswith(("data:image/jpeg;base64,", "#")), (tag, name)
        if name == "style":
            assert "//" not in value
    policy = [v for _, name, v in elements.attributes if name == "content" and "default-src" in v]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_what_the_data_says_stays_words(page: str, elements: Elements) -> None:
    said = "".join(elements.texts)
    assert HOSTILE in said
    assert "<b>bad</b>" in said
    assert "a <b>" in said
    assert '"<r' not in page
    assert HOSTILE not in page
    assert not any("example.org" in value for _, _, value in elements.attributes)


def test_long_texts_are_cut_and_images_are_small(page: str, elements: Elements) -> None:
    assert re.search(r"very (v(e(ry?)?)?)?…", "".join(elements.texts))
    assert "very " * 60 not in page
    assert len(page) < 1_000_000


def test_a_card_tells_label_probabilities_and_what_each_modality_adds(
    elements: Elements, report: Report
) -> None:
    said = " ".join(" ".join(elements.texts).split())
    row = report.chosen.mistakes[0]
    tested = report.comparison.tested
    best = tested.predictions["concat"].probabilities[row].max()
    assert f"{CLASSES[1 - tested.labels[row]]} {100 * best:.0f} %" in said
    assert f"row {tested.ids[row]}, labelled {CLASSES[tested.labels[row]]}" in said
    assert report.contributions is not None
    added = f"{100 * report.contributions.values[row, 1]:+.1f}"
    assert added.replace("-", "\N{MINUS SIGN}") in said


def test_the_bars_of_a_card_have_the_colours_that_the_page_explains(report: Report) -> None:
    assert report.contributions is not None
    values = report.contributions.values * [1, -1]
    page = render_page(replace(report, contributions=replace(report.contributions, values=values)))
    bars = re.findall(r'class="lean (\w+)">.*?</span>\s*(.)\d', page)
    assert {*bars} == {("for", "+"), ("against", "\N{MINUS SIGN}")}


def test_cards_show_words_and_images_in_the_colours_of_their_scores(
    elements: Elements, report: Report
) -> None:
    cards = elements.found["article"]
    strengths = [
        value for tag, name, value in elements.attributes if (tag, name) == ("mark", "style")
    ]
    assert strengths == ["--strength:100.00%", "--strength:50.00%"] * cards
    images = sum("image" in report.attributions[row] for row in report.chosen.shown)
    overlays = [v for _, name, v in elements.attributes if name == "alt" and "The same" in v]
    assert len(overlays) >= images > 0


def test_means_and_base_sum_to_the_confidence(report: Report) -> None:
    for one in report.means:
        assert one.base + sum(one.values.values()) == pytest.approx(one.confidence)
        assert sum(one.decides.values()) == pytest.approx(1)
    everything, *classes = report.means
    probabilities = report.comparison.tested.predictions["concat"].probabilities
    assert everything.confidence == pytest.approx(probabilities.max(axis=1).mean())
    assert everything.rows == ROWS == sum(one.rows for one in classes)


def test_the_json_holds_every_number_of_the_page(folder: Path, report: Report) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    content = json.loads((folder / "report.json").read_text("utf-8"), parse_constant=refuse)
    comparison = report.comparison
    assert content["finding"] == comparison.finding
    assert content["folds"] == {"run": [1, 2], "of": 2}
    assert content["classes"] == list(CLASSES)
    assert (content["command"], content["seed"]) == (COMMAND, 0)
    assert [row["name"] for row in content["rows"]] == [row.name for row in comparison.rows]
    for written, row in zip(content["rows"], comparison.rows, strict=True):
        for name in ("accuracy", "macro_f1"):
            score = getattr(row, name)
            assert written[name] == {
                "mean": score.mean,
                "sd": score.sd,
                "low": score.low,
                "high": score.high,
            }
        assert (written["parameters"], written["seconds"]) == (row.parameters, row.seconds)
        assert written["metrics"]["confusion"] == [list(x) for x in row.metrics.confusion]
    gains = {row["name"]: row["accuracy_gain"] for row in content["rows"]}
    assert gains["concat"].keys() == {"mean", "low", "high"}
    winner = content["winner"]
    assert winner["name"] == "concat"
    assert [one["damage"] for one in winner["robustness"]] == ["text removed", "image removed"]
    assert [len(epochs) for epochs in winner["epochs"]] == [3, 3]


def test_the_predictions_of_every_model_give_its_accuracy_again(
    folder: Path, report: Report
) -> None:
    written = pd.read_csv(folder / "predictions.csv")
    assert len(written) == len(report.comparison.rows) * ROWS
    correct = written.label == written.predicted
    for row in report.comparison.rows:
        assert correct[written.model == row.name].mean() == pytest.approx(row.metrics.accuracy)


def test_contributions_and_label_errors_have_a_line_for_each_row(
    folder: Path, report: Report
) -> None:
    added = pd.read_csv(folder / "contributions.csv")
    assert list(added["id"]) == list(report.comparison.tested.ids)
    confidence = added["base"] + added["added_text"] + added["added_image"]
    best = report.comparison.tested.predictions["concat"].probabilities.max(axis=1)
    np.testing.assert_allclose(confidence, best, atol=1e-5)
    errors = pd.read_csv(folder / "label_errors.csv")
    assert len(errors) == len(report.chosen.label_errors) > 0
    assert (errors["label"] != errors["suggested"]).all()


def test_many_classes_show_their_most_frequent_confusions() -> None:
    classes = [f"answer {i}" for i in range(15)]
    page = render_page(make_report(classes=classes))
    Elements(page)
    assert "Most frequent confusions of concat" in page
    assert 'class="matrix' not in page


def test_confusions_of_no_rows_are_not_listed() -> None:
    made = make_report(classes=[f"answer {i}" for i in range(15)])
    table = render_page(made).partition("Most frequent confusions")[2].partition("</table>")[0]
    counts = [int(rows) for rows in re.findall(r"<td>(\d+)</td></tr>", table)]
    (winner,) = (row for row in made.comparison.rows if row.name == made.comparison.winner)
    confused = np.array(winner.metrics.confusion)
    np.fill_diagonal(confused, 0)
    assert counts == sorted(confused[confused > 0], reverse=True)[:20]


def test_a_notebook_shows_the_page_in_a_frame(report: Report) -> None:
    shown = report._repr_html_()
    frame = Elements(shown)
    assert dict(frame.found) == {"iframe": 1}
    (page,) = (value for _, name, value in frame.attributes if name == "srcdoc")
    assert page == render_page(report)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_the_page_without_errors_or_sideways_scrolling(
    page: str, tmp_path: Path, width: int
) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("there is no Chromium")
    # The page runs no script itself, so it is looked at from outside.
    (tmp_path / "outer.html").write_text(
        f'<iframe style="width:{width}px;height:800px;border:0" srcdoc="{html.escape(page)}">'
        "</iframe><script>onload = () => { const seen = document.querySelector('iframe')"
        ".contentDocument; document.body.innerHTML = [seen.documentElement.scrollWidth, "
        "[...seen.images].filter(i => i.complete && i.naturalWidth).length, "
        "seen.querySelectorAll('section').length].join(' ') }</script>",
        "utf-8",
    )
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr")
    seen = subprocess.run(
        [browser, *options, "--dump-dom", (tmp_path / "outer.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    scroll_width, images, sections = re.findall(r"\d+", seen.stdout.split("<body>")[1])
    assert int(scroll_width) <= width
    assert int(images) == page.count("<img")
    assert int(sections) == len(SECTIONS)
    assert "CONSOLE" not in seen.stderr

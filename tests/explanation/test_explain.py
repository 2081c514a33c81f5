import html
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from model.letters import CLASSES, make_model, make_table
from PIL import Image
from rich.console import Console

from chiasm.data.table import Table
from chiasm.errors import DataError
from chiasm.explanation.files import write_explanations
from chiasm.explanation.result import Explanation
from chiasm.explanation.rows import explain
from chiasm.explanation.tables import render_explanations
from chiasm.model.predictions import predict

TEXTS = ["good", "bad thing", None, "fine", None, "a/b"]
IMAGES = [b"one", b"other", b"third", None, None, b"last"]
LABELS = ["good", "bad", "fair", None, "good", "bad"]


@pytest.fixture
def table() -> Table:
    return make_table(text=TEXTS, image=IMAGES, labels=LABELS)


def explain_all(table: Table, **settings: object) -> list[Explanation]:
    return explain(make_model(), table, rows=range(len(table)), cache=None, **settings)


def test_every_row_with_something_readable_is_explained(table: Table) -> None:
    assert [one.id for one in explain_all(table)] == ["r0", "r1", "r2", "r3", "r5"]


def test_the_prediction_explained_is_the_one_made(table: Table) -> None:
    explained = explain_all(table)
    made = predict(make_model(), table.take([0, 1, 2, 3, 5]), cache=None)
    for i, one in enumerate(explained):
        assert one.predicted == made.labels[i]
        np.testing.assert_array_equal(one.contributions.prediction[0], made.probabilities[i])


def test_attributions_are_of_the_modalities_that_are_there(table: Table) -> None:
    for one in explain_all(table):
        row = int(one.id[1:])
        there = {m for m, v in (("text", TEXTS[row]), ("image", IMAGES[row])) if v is not None}
        assert {a.modality for a in one.attributions} == there
        assert set(one.values) == there
        for attribution in one.attributions:
            assert len(attribution.spans) == len(attribution.scores)
            assert attribution.target == one.predicted
        directions = {(a.query, a.key) for a in one.attention}
        assert directions == ({("text", "image"), ("image", "text")} if len(there) == 2 else set())


def test_a_class_can_be_chosen_and_held_against_another(table: Table) -> None:
    one = explain_all(table, target="fair", contrast="good")[0]
    other = explain_all(table, target="good", contrast="fair")[0]
    for a, b in zip(one.attributions, other.attributions, strict=True):
        assert (a.target, a.contrast) == ("fair", "good")
        # In a contrast, what speaks for one speaks against the other.
        sign = 1 if a.method == "attention" else -1
        np.testing.assert_allclose(a.scores, sign * b.scores, atol=1e-5)


@pytest.mark.parametrize(
    ("target", "contrast"), [("great", None), ("good", "great"), ("good", "good"), (None, "good")]
)
def test_classes_that_make_no_sense_are_refused(
    table: Table, target: str | None, contrast: str | None
) -> None:
    with pytest.raises(DataError):
        explain_all(table, target=target, contrast=contrast)


def test_weights_of_attention_sum_to_one_over_real_keys_and_the_null_key(table: Table) -> None:
    for one in explain_all(table):
        for attention in one.attention:
            heads, queries, keys = attention.weights.shape
            assert (heads, queries) == (2, len(attention.query_spans))
            assert keys == len(attention.key_spans) + 1
            np.testing.assert_allclose(attention.weights.sum(axis=2), 1, atol=1e-6)
            assert attention.mean.shape == (queries, keys)


def test_a_neighbour_is_another_labelled_row_and_a_copy_is_the_nearest(table: Table) -> None:
    copied = make_table(
        text=[*TEXTS, "good"], image=[*IMAGES, b"one"], labels=[*LABELS[:5], "bad", "fair"]
    )
    one = explain_all(copied)[0]
    assert (one.neighbours[0].id, one.neighbours[0].label) == ("r6", "fair")
    assert one.neighbours[0].similarity == pytest.approx(1)
    assert one.id not in {n.id for n in one.neighbours}
    assert "r3" not in {n.id for n in one.neighbours}  # it has no label


def test_neighbours_and_exchanged_values_come_from_the_training_rows_where_given(
    table: Table,
) -> None:
    training = make_table(text=["only"], image=[b"this"], labels=["fair"])
    one = explain_all(table, training=training)[1]
    assert [n.id for n in one.neighbours] == ["r0"]
    assert {(c.other, c.tried) for c in one.counterfactuals} == {("r0", 1)}


def test_only_the_row_itself_is_kept_from_its_neighbours_whatever_others_are_called(
    table: Table,
) -> None:
    alike = replace(table, ids=("same",) * len(table))
    for own, named in zip(explain_all(alike), explain_all(table), strict=True):
        assert [n.similarity for n in own.neighbours] == [n.similarity for n in named.neighbours]
        assert [c.tried for c in own.counterfactuals] == [c.tried for c in named.counterfactuals]


def test_a_training_row_of_the_same_id_is_another_row_unless_it_holds_the_same(
    table: Table,
) -> None:
    training = make_table(
        text=["only", "bad thing"], image=[b"this", b"other"], labels=["fair"] * 2
    )
    first, second, *_ = explain_all(table, training=training)
    assert {n.id for n in first.neighbours} == {"r0", "r1"}
    assert {n.id for n in second.neighbours} == {"r0"}


def test_a_counterfactual_is_the_prediction_of_the_exchanged_row(table: Table) -> None:
    for one in explain_all(table)[:2]:
        row = int(one.id[1:])
        for counterfactual in one.counterfactuals:
            other = int(counterfactual.other[1:])
            assert other != row
            text, image = TEXTS[row], IMAGES[row]
            if counterfactual.modality == "text":
                text = TEXTS[other]
            else:
                image = IMAGES[other]
            made = predict(make_model(), make_table(text=[text], image=[image]), cache=None)
            np.testing.assert_allclose(counterfactual.prediction, made.probabilities[0], atol=1e-6)


def test_a_fusion_without_attention_is_explained_by_occlusion(table: Table) -> None:
    model = make_model("gated")
    (one,) = explain(model, table, rows=[0], cache=None)
    assert {a.method for a in one.attributions} == {"occlusion"}
    assert one.attention == ()
    Console(file=io.StringIO()).print(render_explanations([one]))


def test_numbers_and_images_are_written_under_safe_names(table: Table, tmp_path: Path) -> None:
    table = make_table(text=["fine [b] $x$"], image=[b"one"], labels=["good"])
    object.__setattr__(table, "ids", ("../a/b",))
    explained = explain_all(table)
    write_explanations(explained, tmp_path / "why")
    names = {path.name for path in (tmp_path / "why").iterdir()}
    stem = "..%2Fa%2Fb"
    parts = ("text", "image", "text-image", "image-text")
    assert names == {f"{stem}.json", *(f"{stem}-{part}.png" for part in parts)}
    written = json.loads((tmp_path / "why" / f"{stem}.json").read_text(encoding="utf-8"))
    assert sum(written["probabilities"].values()) == pytest.approx(1, abs=1e-6)
    values = written["contributions"]["values"]
    for name in CLASSES:
        total = written["contributions"]["base"][name] + sum(v[name] for v in values.values())
        assert total == pytest.approx(written["probabilities"][name])
    assert len(written["attributions"][0]["tokens"]) > 0


def test_a_failure_leaves_the_explanations_that_were_there(table: Table, tmp_path: Path) -> None:
    first = explain_all(table)[0]
    write_explanations([first], tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(AttributeError):
        write_explanations([replace(first, id="new"), first, None], tmp_path)  # type: ignore[list-item]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_json_knows_no_nan(table: Table, tmp_path: Path) -> None:
    write_explanations(explain_all(table)[2:3], tmp_path)
    text = (tmp_path / "r2.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert json.loads(text)["contributions"]["null_mass"]["text->image"] is None


def test_a_line_a_row_on_screen(table: Table) -> None:
    console = Console(file=io.StringIO(), width=80)
    console.print(render_explanations(explain_all(table)))
    shown = console.file.getvalue()
    for row in ("r0", "r1", "r2", "r3", "r5"):
        assert sum(row in line for line in shown.splitlines()) == 1


def test_images_of_a_wide_photo_keep_its_shape() -> None:
    from chiasm.explanation.drawing.overlay import draw_overlay
    from chiasm.inference.attribution import Attribution
    from chiasm.inference.token_spans import grid_spans

    file = io.BytesIO()
    Image.new("RGB", (90, 30), "white").save(file, "PNG")
    scores = np.array([1.0, 0.0, 0.0, -1.0])
    attribution = Attribution("occlusion", "image", "good", None, tuple(grid_spans(2, 2)), scores)
    figure = draw_overlay(file.getvalue(), [attribution])
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)
    axes = figure.axes[1]
    box = axes.get_window_extent()
    assert box.width / box.height == pytest.approx(3, rel=0.02)

    def colour(x: float, y: float) -> np.ndarray:
        column, up = axes.transAxes.transform((x, 1 - y))
        return pixels[int(len(pixels) - up), int(column)]

    red, _, blue = colour(0.25, 0.25)
    assert blue > red  # speaks for
    red, _, blue = colour(0.75, 0.75)
    assert red > blue  # speaks against
    assert colour(0.75, 0.25).min() > 240


def test_words_are_shaded_where_they_stand() -> None:
    from chiasm.explanation.drawing.words import draw_words
    from chiasm.inference.attribution import Attribution
    from chiasm.inference.token_spans import TokenSpan

    text = "aaaa " * 30 + "here\n\nand on $x$ [b]"
    begin = text.index("here")
    places = (TokenSpan("[CLS]"), TokenSpan("here", (begin, begin + 4)))
    attribution = Attribution("occlusion", "text", "good", None, places, np.array([0.1, 1.0]))
    figure = draw_words(text, [attribution])
    (box,) = figure.axes[0].patches
    words = {t.get_text(): t.get_position() for t in figure.axes[0].texts}
    assert (box.get_x(), int(box.get_y())) == (words["here"][0], int(words["here"][1]))
    assert box.get_width() == 4
    assert {"and", "on", "$x$", "[b]"} <= set(words)


def test_explaining_needs_no_gradients_of_the_model() -> None:
    model = make_model(trainable_blocks=1)
    before = [p.clone() for p in model.parameters()]
    table = make_table(text=["good"], image=[b"one"], labels=["good"])
    explain(model, table, rows=[0], cache=None)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert all(p.requires_grad for p in model.trainable_layers.parameters())


def test_a_notebook_shows_words_images_and_neighbours_in_a_frame() -> None:
    file = io.BytesIO()
    Image.new("RGB", (90, 30), "white").save(file, "PNG")
    table = make_table(
        text=["<b>good</b>", "bad"], image=[file.getvalue(), b"no picture"], labels=["good", "bad"]
    )
    one, other = explain_all(table)
    shown = one._repr_html_()
    assert shown.startswith("<iframe")
    page = html.unescape(shown)
    assert "&lt;b&gt;good&lt;/b&gt;" in page
    assert f"Why row r0 is {one.predicted}" in page
    assert page.count("<img") == 1
    assert "The nearest labelled rows" in page
    assert "<img" not in html.unescape(other._repr_html_())


def test_long_ids_and_equal_ones_have_files_of_their_own(table: Table, tmp_path: Path) -> None:
    (one,) = explain(make_model("concat"), table, rows=[0], cache=None)
    ids = ["图" * 80, "图" * 79 + "书", "same", "same"]
    write_explanations([replace(one, id=name) for name in ids], tmp_path / "why")
    files = sorted((tmp_path / "why").glob("*.json"))
    assert len(files) == 4
    assert max(len(file.name.encode()) for file in files) < 200
    assert {json.loads(file.read_text())["id"] for file in files} == set(ids)

"""Titles stand on their figures, however small these and however long the names."""

import io
from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from chiasm.explanation.attention_maps import AttentionMap
from chiasm.explanation.drawing.bars import draw_bars
from chiasm.explanation.drawing.heatmap import draw_heatmap
from chiasm.explanation.drawing.overlay import draw_overlay
from chiasm.explanation.drawing.words import draw_words
from chiasm.inference.attribution import Attribution
from chiasm.inference.token_spans import TokenSpan, grid_spans, numbered_spans, text_spans

LONG = "an answer of a good many words that goes on and on until no figure could hold it"


def titles(figure: Figure) -> Iterator[Text]:
    canvas = cast(FigureCanvasAgg, figure.canvas)
    canvas.draw()
    return (
        text
        for text in figure.findobj(Text)
        if isinstance(text, Text) and "attention" in text.get_text()
    )


def is_on(figure: Figure, text: Text) -> bool:
    ends = text.get_window_extent()
    return bool(
        ends.x0 >= 0 and ends.x1 <= figure.bbox.x1 and ends.y0 >= 0 and ends.y1 <= figure.bbox.y1
    )


@pytest.mark.parametrize("name", ["acoustic", LONG])
@pytest.mark.parametrize("tokens", [1, 30])
def test_the_title_of_a_heatmap_of_features(tokens: int, name: str) -> None:
    weights = np.random.default_rng(0).dirichlet(np.ones(tokens + 1), size=(4, tokens))
    places = tuple(numbered_spans(tokens))
    figure = draw_heatmap(AttentionMap("visual", name, weights, places, places))
    assert [is_on(figure, title) for title in titles(figure)] == [True]


@pytest.mark.parametrize("chosen", ["good", LONG])
def test_the_titles_of_attributions(chosen: str) -> None:
    def scored(places: Sequence[TokenSpan]) -> Attribution:
        scores = np.ones(len(places))
        return Attribution("gradient x attention", "m", chosen, LONG, tuple(places), scores)

    image = io.BytesIO()
    Image.new("RGB", (64, 64)).save(image, "PNG")
    for figure in (
        draw_bars([scored(numbered_spans(1))] * 2),
        draw_overlay(image.getvalue(), [scored(grid_spans(2, 2))]),
        draw_words("good", [scored(text_spans("good", [("good", (0, 4))]))] * 2),
    ):
        assert {is_on(figure, title) for title in titles(figure)} == {True}


def test_one_scale_holds_for_all_heads_on_which_even_attention_is_pale() -> None:
    weights = np.full((2, 3, 20), 1 / 20)
    weights[1, 0] = np.eye(20)[0]
    places = tuple(numbered_spans(20))
    for last, darkest in ((weights, 1.0), (weights[:1], 4 / 20)):
        figure = draw_heatmap(AttentionMap("a", "b", last, places[:3], places[:19]))
        limits = {axes.images[0].get_clim() for axes in figure.axes}
        assert limits == {(0.0, darkest)}

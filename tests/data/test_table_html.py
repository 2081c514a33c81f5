import io

import numpy as np
import pandas as pd
from PIL import Image

from chiasm.data.preview.rows import RowPreview, preview_row, shorten
from chiasm.data.reading import read
from chiasm.data.table import Table


def image(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(file, "PNG")
    return file.getvalue()


def preview(table: Table, row: int) -> RowPreview:
    facts = table.facts_of(row)
    return preview_row(table.values_of(row), kinds=table.kinds, facts=facts, side=80, characters=40)


def test_a_table_shows_itself_in_a_notebook() -> None:
    rows = 30
    frame = pd.DataFrame(
        {
            "text": [f"<script>{row}</script>" for row in range(rows)],
            "image": [image(400, 300), *[None] * (rows - 1)],
            "label": ["good & cheap", "bad"] * (rows // 2),
        }
    )
    shown = read(frame)._repr_html_()
    assert "30 rows, 30 labelled" in shown
    assert "<script>" not in shown
    assert "&lt;script&gt;0" in shown
    assert "good &amp; cheap" in shown
    assert shown.count("<img") == 1
    assert "and 22 more" in shown


def test_a_glimpse_is_small_and_says_what_is_missing() -> None:
    frame = pd.DataFrame(
        {"text": ["word " * 100, None], "image": [None, image(400, 300)], "label": ["a", "b"]}
    )
    table = read(frame)
    words, seen = preview(table, 0), preview(table, 1)
    assert len(words.texts["text"]) <= 40
    assert words.texts["text"].endswith("…")
    assert (words.images, words.notes) == ({}, ("no image",))
    assert (seen.texts, seen.notes) == ({}, ("no text",))
    assert len(seen.images["image"]) < 2000


def test_features_are_told_by_their_shape() -> None:
    frame = pd.DataFrame({"vectors": list(np.ones((4, 3))), "label": ["a", "b"] * 2})
    table = read(frame, features={"visual": "vectors"})
    assert preview(table, 0).notes == ("visual: 1 x 3 numbers",)


def test_a_short_text_is_left_as_it_is() -> None:
    assert shorten("four", 4) == "four"
    assert shorten("fives", 4) == "fiv…"

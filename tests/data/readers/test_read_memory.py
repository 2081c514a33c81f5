from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_inputs import encode, noise

from chiasm.data.reading import read
from chiasm.errors import DataError


def test_images_in_a_frame_may_be_paths_bytes_or_pil(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(noise(1)))
    cmyk = noise(3).convert("CMYK")
    images = [str(path), path, encode(noise(2)), noise(3), cmyk, None, 7, float("nan")]
    table = read(pd.DataFrame({"image": images, "label": list("ababbaab")}))
    assert table.values["image"][:3] == (path, path, encode(noise(2)))
    assert all(isinstance(table.values["image"][i], bytes) for i in (3, 4))
    assert [facts is not None for facts in table.facts["image"]] == [True] * 5 + [False] * 3
    assert table.usable == (True,) * 5 + (False,) * 3
    assert [p.reason for p in table.problems if p.field == "image"] == [
        "missing image",
        "neither a path nor an image",
        "missing image",
    ]


@pytest.mark.parametrize(
    "labels", [[1.0, 0.0, np.nan], pd.array([1, 0, None], dtype="Int64"), ["1", " 0 ", None]]
)
def test_number_labels_have_one_spelling(labels: object) -> None:
    table = read(pd.DataFrame({"text": ["a", "b", "c"], "label": labels}))
    assert table.labels == ("1", "0", None)
    assert [p.reason for p in table.problems] == ["no label"]


def test_a_frame_keeps_its_order_whatever_its_index() -> None:
    frame = pd.DataFrame({"text": ["a", "b"], "label": ["x", "y"]}, index=[9, 9])
    assert read(frame).values["text"] == ("a", "b")


def test_a_text_that_is_no_text_is_missing() -> None:
    table = read(pd.DataFrame({"text": [["list"], 5, "a"], "label": list("xyz")}))
    assert table.values["text"] == (None, "5", "a")
    assert [(p.reason, p.detail) for p in table.problems][:1] == [("not a text", "a list")]


def test_dataset_is_read_without_decoding_its_images() -> None:
    datasets = pytest.importorskip("datasets")
    png = encode(noise())
    data = datasets.Dataset.from_dict(
        {
            "text": ["a", "b", "c"],
            "label": [1, 0, -1],
            "image": [{"bytes": png, "path": None}, {"bytes": b"broken", "path": None}, None],
        },
        features=datasets.Features(
            text=datasets.Value("string"),
            label=datasets.ClassLabel(names=["bad", "good"]),
            image=datasets.Image(),
        ),
    )
    table = read(data)
    assert table.values["image"] == (png, None, None)
    assert table.labels == ("good", "bad", None)
    assert [p.row for p in table.problems] == ["2", "3"]


def test_no_encoding_can_be_chosen_for_texts_in_memory(tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": ["a", "b"], "label": ["x", "y"]})
    frame.to_parquet(tmp_path / "rows.parquet")
    for source in (frame, tmp_path / "rows.parquet"):
        with pytest.raises(DataError, match="no encoding can be chosen"):
            read(source, encoding="cp1252")

"""Labels that look alike are one class, however they are written."""

import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.data.labels import class_indices, spell_label
from chiasm.data.reading import read

TWINS = [
    ["café", unicodedata.normalize("NFD", "café")],
    ["pos", "pos\u200b", "\ufeffpos", "po\u00ads", "\u202apos\u202c", "p\u2060os"],
    ["very good", " very good ", "very  good", "very\u00a0good", "very\tgood", "very\u3000good"],
    [True, "True", "TRUE", "true", np.True_, " true\u200b"],
    [1, 1.0, "1", "1.0", np.int64(1), " 1 "],
    ["❤", "❤\ufe0f"],
]


@pytest.mark.parametrize("twins", TWINS)
def test_labels_that_look_alike_are_one_class(twins: list[Any]) -> None:
    assert len({spell_label(label) for label in twins}) == 1
    frame = pd.DataFrame({"text": [f"t{i}" for i in range(len(twins))], "label": twins})
    table = read(frame)
    assert len(table.classes) == 1
    assert len(table.labelled) == len(twins)


@pytest.mark.parametrize("twins", TWINS)
def test_a_frame_and_a_file_have_one_class_of_labels_that_look_alike(
    twins: list[Any], tmp_path: Path
) -> None:
    frame = pd.DataFrame({"text": [f"t{i}" for i in range(len(twins))], "label": twins})
    frame.to_csv(tmp_path / "t.csv", index=False)
    for table in (read(frame), read(tmp_path / "t.csv")):
        assert len(table.classes) == 1
        assert len(table.labelled) == len(twins)


@pytest.mark.parametrize("twins", [twins for twins in TWINS if isinstance(twins[0], str)])
def test_a_file_spells_labels_as_python_does(twins: list[str], tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    frame = pd.DataFrame({"text": [f"t{i}" for i in range(len(twins))], "label": twins})
    frame.to_csv(path, index=False)
    assert read(path).labels == read(frame).labels == (spell_label(twins[0]),) * len(twins)


@pytest.mark.parametrize(
    "nothing", [None, float("nan"), np.nan, "", "  ", "nan", "NaN", "null", "\u200b", "null\ufeff"]
)
def test_these_say_that_a_row_has_no_label(nothing: Any) -> None:
    assert spell_label(nothing) is None


@pytest.mark.parametrize(
    "kept", ["Positive", "positive", "0", "no", "NA", "None", "3.5", "-1", "很好"]
)
def test_other_labels_stay_as_they_are(kept: str) -> None:
    assert spell_label(kept) == kept


@given(st.text(st.characters(codec="utf-8")) | st.text("e\u0301\u200d\u200b \t1.0", max_size=6))
def test_spelling_is_settled_at_once(label: str) -> None:
    spelled = spell_label(label)
    assert spell_label(spelled) == spelled


def test_splits_and_groups_are_spelled_alike_too() -> None:
    frame = pd.DataFrame(
        {
            "text": list("abc"),
            "label": list("xyx"),
            "split": ["train", "train\u200b", "\ufefftrain"],
            "group": ["é", "e\u0301", "é "],
        }
    )
    table = read(frame)
    assert set(table.split) == {"train"}
    assert set(table.group) == {"é"}


def test_the_classes_of_older_models_know_their_labels() -> None:
    assert class_indices(["e\u0301", "TRUE", "pos"]) == {"é": 0, "True": 1, "pos": 2}

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chiasm.model.dataset import EncodedTable, collate, encode_table, stack_tokens
from chiasm.tasks.multiclass import Multiclass

from .letters import CLASSES, make_encoders, make_table

TEXTS = ["abc", None, "de", "f!", "abc"]
IMAGES = [b"xy", b"z", None, None, b"w"]


@pytest.fixture
def rows() -> EncodedTable:
    table = make_table(text=TEXTS, image=IMAGES, labels=["good", "bad", "fair", "bad", "good"])
    return encode_table(table, make_encoders(), task=Multiclass(CLASSES), cache=None)


def test_each_row_has_its_tokens_and_the_index_of_its_class(rows: EncodedTable) -> None:
    assert len(rows) == 5
    assert [len(rows[i].tokens["text"]) for i in range(5)] == [3, 0, 2, 0, 3]
    assert [len(rows[i].tokens["image"]) for i in range(5)] == [2, 1, 0, 0, 1]
    assert [rows[i].target for i in range(5)] == [2, 0, 1, 0, 2]
    assert rows.labels.tolist() == [2, 0, 1, 0, 2]
    assert rows[0].tokens["text"][:, 0].tolist() == [ord(letter) % 7 for letter in "abc"]


def test_a_row_is_present_if_any_modality_could_be_read(rows: EncodedTable) -> None:
    assert rows.present.tolist() == [True, True, True, False, True]
    assert rows.of(["image"]).present.tolist() == [True, True, False, False, True]


def test_a_modality_that_the_table_lacks_is_missing_in_every_row() -> None:
    rows = encode_table(make_table(text=["a", "b"]), make_encoders(), cache=None)
    assert [len(rows[i].tokens["image"]) for i in range(2)] == [0, 0]
    assert rows.present.tolist() == [True, True]


def test_a_column_for_which_there_is_no_encoder_is_left_out() -> None:
    encoders = {"text": make_encoders()["text"]}
    rows = encode_table(make_table(text=["a", None], image=[b"b", b"c"]), encoders, cache=None)
    assert list(rows[0].tokens) == ["text"]
    assert rows.present.tolist() == [True, False]


def test_unlabelled_rows_and_unknown_labels_have_no_target() -> None:
    table = make_table(text=["a", "b", "c"], labels=["good", None, "superb"])
    rows = encode_table(table, make_encoders(), task=Multiclass(CLASSES), cache=None)
    assert rows.targets == (2, None, None)


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_taking_rows_twice_is_taking_the_rows_taken(data: st.DataObject) -> None:
    letters = "abcdefg"
    targets = range(len(letters))
    table = make_table(text=list(letters))
    whole = EncodedTable(encode_table(table, make_encoders(), cache=None).features, targets)
    first = data.draw(st.lists(st.sampled_from(range(7)), min_size=1))
    second = data.draw(st.lists(st.sampled_from(range(len(first)))))
    taken = whole.take(np.array(first)).take(np.array(second, dtype=np.int64))
    assert taken.labels.tolist() == [first[i] for i in second]
    assert [int(taken[i].tokens["text"][0, 0]) for i in range(len(taken))] == [
        ord(letters[first[i]]) % 7 for i in second
    ]


def test_taking_rows_leaves_the_whole_as_it_was(rows: EncodedTable) -> None:
    taken = rows.take(np.array([4, 0]))
    assert taken.labels.tolist() == [2, 2]
    assert taken.present.tolist() == [True, True]
    assert taken.of(["image"]).take(np.array([1]))[0].tokens["image"].shape == (2, 4)
    assert len(rows) == 5
    assert taken.features["text"] is rows.features["text"]


def test_a_batch_is_padded_float32_tokens_and_labels(rows: EncodedTable) -> None:
    batch = collate([rows[0], rows[1], rows[2]])
    assert batch["labels"].tolist() == [2, 0, 1]
    assert batch["tokens"]["text"].values.dtype == torch.float32
    assert batch["tokens"]["text"].mask.tolist() == [
        [True, True, True],
        [False, False, False],
        [True, True, False],
    ]
    assert batch["tokens"]["image"].mask.sum(dim=1).tolist() == [2, 1, 0]


def test_a_batch_of_unlabelled_rows_has_no_labels() -> None:
    rows = encode_table(make_table(text=["a", "b"]), make_encoders(), cache=None)
    assert list(collate([rows[0], rows[1]])) == ["tokens"]


def test_tokens_of_a_batch_are_those_of_its_rows(rows: EncodedTable) -> None:
    stacked = stack_tokens([rows[4], rows[2]])
    for modality, tokens in stacked.items():
        for place, row in enumerate((4, 2)):
            own = tokens.values[place][tokens.mask[place]]
            assert torch.equal(own, rows[row].tokens[modality].float())

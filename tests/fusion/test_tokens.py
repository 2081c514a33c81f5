"""Tokens: the form in which everything reaches a fusion."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from chiasm.encoders.tokens import Tokens, pad

from .batches import equal

DIM = 3
rows_of_tokens = st.lists(st.integers(0, 6), min_size=1, max_size=6).map(
    lambda lengths: [torch.randn(length, DIM) for length in lengths]
)


@settings(deadline=None, max_examples=50)
@given(rows_of_tokens)
def test_padding_and_masking_gives_the_rows_back(rows: list[Tensor]) -> None:
    tokens = pad(rows)
    assert len(tokens) == len(rows)
    for row, values, mask in zip(rows, tokens.values, tokens.mask, strict=True):
        assert torch.equal(values[mask], row)
        assert values[~mask].eq(0).all()


@settings(deadline=None, max_examples=50)
@given(rows_of_tokens)
def test_a_batch_is_as_long_as_its_longest_row_and_at_least_one(rows: list[Tensor]) -> None:
    assert pad(rows).values.shape == (len(rows), max(1, *map(len, rows), 0), DIM)


def test_a_batch_of_empty_rows_has_one_masked_token() -> None:
    tokens = pad([torch.empty(0, DIM)] * 2)
    assert tokens.values.shape == (2, 1, DIM)
    assert tokens.values.eq(0).all()
    assert not tokens.mask.any()


@settings(deadline=None, max_examples=50)
@given(rows_of_tokens)
def test_a_row_is_present_if_it_has_a_token(rows: list[Tensor]) -> None:
    assert pad(rows).present.tolist() == [len(row) > 0 for row in rows]


@settings(deadline=None, max_examples=50)
@given(rows_of_tokens)
def test_mean_is_that_of_the_real_tokens_and_zero_without_any(rows: list[Tensor]) -> None:
    expected = [row.mean(dim=0) if len(row) else torch.zeros(DIM) for row in rows]
    assert equal(pad(rows).mean(), torch.stack(expected))


@settings(deadline=None, max_examples=50)
@given(rows=rows_of_tokens, data=st.data())
def test_keep_marks_the_other_rows_missing(rows: list[Tensor], data: st.DataObject) -> None:
    kept = torch.tensor(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    before = pad(rows)
    after = before.keep(kept)
    assert torch.equal(after.present, before.present & kept)
    assert torch.equal(after.mask[kept], before.mask[kept])


def test_half_precision_rows_become_float32() -> None:
    row = torch.tensor([[1.5, -2.0, 65504.0]], dtype=torch.float16)
    tokens = pad([row, row[:0]])
    assert tokens.values.dtype == torch.float32
    assert torch.equal(tokens.values[0], row.float())


def test_tokens_move_to_another_device_together() -> None:
    moved = pad([torch.ones(2, DIM)]).to("meta")
    assert moved.values.is_meta
    assert moved.mask.is_meta


@pytest.mark.parametrize(
    ("values", "mask"),
    [((2, 3), (2, 3)), ((2, 3, 4), (2, 4)), ((2, 3, 4), (3, 3)), ((2, 3, 4), (2, 3, 4))],
)
def test_shapes_that_do_not_fit_are_refused(values: tuple[int, ...], mask: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"values \[b, l, d\] and mask \[b, l\]; got values"):
        Tokens(torch.zeros(values), torch.ones(mask, dtype=torch.bool))

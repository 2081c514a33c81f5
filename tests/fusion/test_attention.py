import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.attention import CrossModalAttention

from .attentions import DIM, HEADS, MASKS, attend, draw_mask, draw_query, make
from .batches import draw_tokens, equal


@settings(deadline=None, max_examples=50)
@given(
    masks=st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=4),
    queries=st.integers(1, 3),
    training=st.booleans(),
)
def test_weights_sum_to_1_and_leave_out_masked_keys(
    masks: list[list[bool]], queries: int, training: bool
) -> None:
    mask = torch.tensor(masks)
    key = Tokens(3 * torch.randn(len(masks), 4, DIM), mask)
    attention = make(key_dropout=0.5).train(training)
    output, weights = attend(attention, draw_query(len(masks), queries), key)
    assert output.shape == (len(masks), queries, DIM)
    assert weights.shape == (len(masks), HEADS, queries, 5)
    assert equal(weights.sum(-1), torch.ones(weights.shape[:-1]))
    masked = ~mask[:, None, None].expand(-1, HEADS, queries, -1)
    assert weights[..., :4][masked].eq(0).all()
    assert weights[..., 4].gt(0).all()


def test_weights_are_those_that_mix_the_values() -> None:
    attention = make()
    key = draw_tokens([True, False, True], dim=DIM, longest=4, seed=0)
    output, weights = attend(attention, draw_query(3, 2), key)
    values = attention.value(key.values).unflatten(2, (HEADS, -1)).transpose(1, 2)
    values = torch.cat([values, attention.null_value.expand(3, -1, -1, -1)], dim=2)
    assert equal(attention.output((weights @ values).transpose(1, 2).flatten(2)), output)


def test_missing_keys_leave_all_weight_to_the_null_key() -> None:
    attention = make()
    key = draw_tokens([False, False], dim=DIM, longest=3, seed=0)
    output, weights = attend(attention, draw_query(2, 3), key)
    assert weights[..., -1].eq(1).all()
    assert equal(output, attention.output(attention.null_value.flatten()).expand_as(output))


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("full", [False, True])
def test_without_the_null_key_a_query_with_nothing_to_ask_gets_zeros(
    training: bool, full: bool
) -> None:
    attention = make(null_key=False, key_dropout=0.5).train(training)
    query, key = draw_query(3, 2).requires_grad_(), torch.randn(3, 4, DIM, requires_grad=True)
    mask = torch.tensor([[1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]]) > 0
    if full:
        mask = mask[:, None].repeat(1, 2, 1)
    output, weights = attention(query, key, key, mask, need_weights=True)
    (output.square().sum() + weights.square().sum()).backward()
    assert output[1].eq(0).all()
    assert weights[1].eq(0).all()
    assert output[::2].ne(0).all()
    assert equal(weights[::2].sum(-1), torch.ones(2, HEADS, 2))
    assert key.grad[1].eq(0).all()
    assert all(x.grad.isfinite().all() for x in (query, key, *attention.parameters()))


@pytest.mark.parametrize("null_key", [False, True])
@pytest.mark.parametrize("kind", ["padding", "full"])
def test_what_is_masked_never_matters_however_large(kind: str, null_key: bool) -> None:
    attention = make(null_key=null_key)
    query, key = draw_query(2, 3), torch.randn(2, 4, DIM)
    mask = draw_mask(kind, rows=2, queries=3, keys=4)
    mask[..., 2] = False
    spoilt = key.clone()
    spoilt[:, 2] = 1e30
    output, weights = attention(query, key, key, mask, need_weights=True)
    spoilt_output, spoilt_weights = attention(query, spoilt, spoilt, mask, need_weights=True)
    assert torch.equal(spoilt_output, output)
    assert torch.equal(spoilt_weights, weights)


def test_a_padding_mask_is_a_full_mask_that_is_the_same_for_all_queries() -> None:
    attention = make()
    query, key = draw_query(2, 3), torch.randn(2, 4, DIM)
    mask = draw_mask("padding", rows=2, queries=3, keys=4)
    full = mask[:, None].expand(-1, 3, -1)
    assert equal(attention(query, key, key, mask)[0], attention(query, key, key, full)[0])


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("null_key", [False, True])
@pytest.mark.parametrize("kind", MASKS)
def test_asking_for_the_weights_never_changes_a_bit_of_the_output(
    kind: str, null_key: bool, training: bool
) -> None:
    attention = make(null_key=null_key, key_dropout=0.5).train(training)
    query, key = draw_query(4, 3), torch.randn(4, 5, DIM)
    mask = draw_mask(kind, rows=4, queries=3, keys=5)
    torch.manual_seed(0)
    without, _ = attention(query, key, key, mask)
    torch.manual_seed(0)
    with_weights, weights = attention(query, key, key, mask, need_weights=True)
    assert torch.equal(with_weights, without)
    assert equal(weights.sum(-1), torch.ones(4, HEADS, 3))


def test_the_weight_of_a_single_key_is_a_sigmoid_against_the_null_key() -> None:
    """Without a null key it would be 1, whatever is asked: attention over one pooled key."""
    attention = make()
    query, key = draw_query(2, 3), torch.randn(2, 1, DIM)
    _, weights = attention(query, key, key, need_weights=True)
    queries, keys = (
        x.unflatten(2, (HEADS, -1)).transpose(1, 2)
        for x in (attention.query(query), attention.key(key))
    )
    scores = (queries * (keys - attention.null_key)).sum(-1) / (DIM // HEADS) ** 0.5
    assert equal(weights[..., 0], scores.sigmoid())


def test_no_keys_at_all_leave_the_null_key() -> None:
    output, weights = make()(draw_query(2, 3), *[torch.empty(2, 0, DIM)] * 2, need_weights=True)
    assert output.isfinite().all()
    assert torch.equal(weights, torch.ones(2, HEADS, 3, 1))


@pytest.mark.parametrize("null_key", [False, True])
def test_every_parameter_learns_but_a_bias_that_cancels(null_key: bool) -> None:
    attention = make(null_key=null_key).double()
    key = torch.randn(2, 4, DIM, dtype=torch.float64)
    output, _ = attention(draw_query(2, 3).double(), key, key)
    output.square().sum().backward()
    idle = [n for n, p in attention.named_parameters() if p.grad.abs().max() < 1e-12]
    # Added to the score of every key alike, it leaves the softmax as it was.
    assert idle == ([] if null_key else ["key.bias"])


@pytest.mark.parametrize(
    "mask",
    [
        torch.ones(2, 4),
        torch.ones(2, 4).long(),
        torch.ones(2, 3).bool(),
        torch.ones(4).bool(),
        torch.ones(1, 4).bool(),
        torch.ones(2, 4, 3).bool(),
        torch.ones(2, HEADS, 3, 4).bool(),
    ],
    ids=lambda mask: f"{mask.dtype} {tuple(mask.shape)}",
)
def test_a_mask_that_does_not_fit_is_refused(mask: Tensor) -> None:
    """Above all that of the queries: one mask cannot serve both directions."""
    query, key = draw_query(2, 3), torch.randn(2, 4, DIM)
    with pytest.raises(ValueError, match=r"\[b, k\] = \(2, 4\) or \[b, q, k\] = \(2, 3, 4\); got"):
        make()(query, key, key, mask)


@pytest.mark.parametrize("shape", [(2, 3, DIM), (2, 5, DIM), (1, 4, DIM)])
def test_more_or_fewer_values_than_keys_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"Each key needs a value; got keys \(2, 4, 8\)"):
        make()(draw_query(2, 3), torch.randn(2, 4, DIM), torch.randn(shape))


def test_order_of_the_keys_does_not_matter() -> None:
    attention = make()
    key = draw_tokens([True, True, False], dim=DIM, longest=6, seed=3)
    turned = Tokens(key.values.flip(1), key.mask.flip(1))
    output, weights = attend(attention, draw_query(3, 2), key)
    turned_output, turned_weights = attend(attention, draw_query(3, 2), turned)
    assert equal(turned_output, output)
    assert equal(turned_weights[..., :-1].flip(-1), weights[..., :-1])


def test_a_query_does_not_see_another() -> None:
    attention = make()
    key = draw_tokens([True, True], dim=DIM, longest=4, seed=1)
    query = draw_query(2, 3)
    together, _ = attend(attention, query, key)
    alone, _ = attend(attention, query[:, 1:2], key)
    assert equal(alone, together[:, 1:2])


def test_in_training_a_key_is_hidden_from_all_queries_of_its_row_or_from_none() -> None:
    key = draw_tokens([True] * 20, dim=DIM, longest=4, seed=1)
    attention = make(key_dropout=0.5).train()
    _, weights = attention(draw_query(20, 3), key.values, key.values, key.mask, need_weights=True)
    hidden = weights.eq(0).flatten(1, 2)
    assert torch.equal(hidden.any(dim=1), hidden.all(dim=1))
    assert hidden.any()
    assert not hidden[..., -1].any()


def test_key_dropout_acts_in_training_only() -> None:
    attention = make(key_dropout=0.5)
    key = draw_tokens([True, True], dim=DIM, longest=4, seed=1)
    query = draw_query(2, 3)
    assert torch.equal(attend(attention, query, key)[0], attend(attention, query, key)[0])
    attention.train()
    assert not torch.equal(attend(attention, query, key)[0], attend(attention, query, key)[0])


def test_weights_are_given_only_when_asked_for() -> None:
    key = draw_tokens([True], dim=DIM, longest=4, seed=1)
    assert attend(make(), draw_query(1, 2), key, need_weights=False)[1] is None


@pytest.mark.parametrize(("dim", "num_heads"), [(8, 3), (10, 4), (1, 2)])
def test_heads_that_do_not_divide_dim_are_refused(dim: int, num_heads: int) -> None:
    with pytest.raises(ValueError, match=f"dim={dim}, num_heads={num_heads}"):
        CrossModalAttention(dim=dim, num_heads=num_heads)

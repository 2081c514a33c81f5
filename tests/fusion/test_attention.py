from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.attention import CrossModalAttention

from .batches import draw_tokens, equal, shake

DIM = 8
HEADS = 2


def make(*, seed: int = 0, dropout: float = 0.0, null_key: bool = True) -> CrossModalAttention:
    attention = CrossModalAttention(dim=DIM, heads=HEADS, dropout=dropout, null_key=null_key)
    shake(attention, seed)
    return attention.eval()


def attend(
    attention: CrossModalAttention, query: Tensor, key: Tokens, *, need_weights: bool = True
) -> tuple[Tensor, Tensor | None]:
    """Attend to tokens: keys and values are the same, and the mask is their padding."""
    return attention(query, key.values, key.values, key.mask, need_weights=need_weights)


def draw_query(rows: int, length: int) -> Tensor:
    return torch.randn(rows, length, DIM, generator=torch.Generator().manual_seed(length))


def as_torch(attention: CrossModalAttention) -> nn.MultiheadAttention:
    """PyTorch's own attention with the same weights, whose extra key plays the null key."""
    reference = nn.MultiheadAttention(DIM, HEADS, add_bias_kv=True, batch_first=True)
    parts = (attention.query, attention.key, attention.value)
    with torch.no_grad():
        reference.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        reference.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        reference.bias_k.copy_(attention.null_key.reshape(1, 1, DIM))
        reference.bias_v.copy_(attention.null_value.reshape(1, 1, DIM))
        reference.out_proj.load_state_dict(attention.output.state_dict())
    return reference.to(attention.null_key.dtype)


@pytest.mark.parametrize("seed", range(3))
def test_output_weights_and_gradients_are_those_of_pytorch(seed: int) -> None:
    attention = make(seed=seed).double()
    reference = as_torch(attention)
    tokens = draw_tokens([True, True, False, True], dim=DIM, longest=5, seed=seed)
    keys = tokens.values.double().requires_grad_()
    query = draw_query(4, 3).double()

    output, weights = attend(attention, query, Tokens(keys, tokens.mask))
    (gradient,) = torch.autograd.grad(output.square().sum(), keys)
    expected, expected_weights = reference(
        query, keys, keys, key_padding_mask=~tokens.mask, average_attn_weights=False
    )
    (expected_gradient,) = torch.autograd.grad(expected.square().sum(), keys)

    assert equal(output, expected, tolerance=1e-9)
    assert equal(weights, expected_weights, tolerance=1e-9)
    assert equal(gradient, expected_gradient, tolerance=1e-9)


def test_constant_weights_give_the_numbers_worked_out_by_hand() -> None:
    attention = CrossModalAttention(dim=2, heads=1)
    with torch.no_grad():
        for parameter in attention.parameters():
            parameter.zero_()
        # Queries are their own, keys and values the tokens themselves.
        attention.query.weight.copy_(torch.eye(2))
        attention.key.weight.copy_(torch.eye(2))
        attention.value.weight.copy_(torch.eye(2))
        attention.output.weight.copy_(torch.eye(2))
        attention.null_value.fill_(10.0)
    key = Tokens(
        torch.tensor([[[1.0, 0.0], [0.0, 1.0], [5.0, 5.0]]]), torch.tensor([[1, 1, 0]]) > 0
    )
    query = torch.tensor([[[2**0.5 * torch.log(torch.tensor(2.0)), 0.0]]])

    output, weights = attend(attention, query, key)
    # Scores log 2, 0 and, for the null key, 0.
    assert equal(weights[0, 0, 0], torch.tensor([0.5, 0.25, 0.0, 0.25]))
    assert equal(output[0, 0], torch.tensor([0.5 + 2.5, 0.25 + 2.5]))


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
    attention = make(dropout=0.5).train(training)
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


def test_dropout_acts_in_training_only() -> None:
    attention = make(dropout=0.5)
    key = draw_tokens([True, True], dim=DIM, longest=4, seed=1)
    query = draw_query(2, 3)
    assert torch.equal(attend(attention, query, key)[0], attend(attention, query, key)[0])
    attention.train()
    assert not torch.equal(attend(attention, query, key)[0], attend(attention, query, key)[0])


def test_weights_are_given_only_when_asked_for() -> None:
    key = draw_tokens([True], dim=DIM, longest=4, seed=1)
    assert attend(make(), draw_query(1, 2), key, need_weights=False)[1] is None


@pytest.mark.parametrize(("dim", "heads"), [(8, 3), (10, 4), (1, 2)])
def test_heads_that_do_not_divide_dim_are_refused(dim: int, heads: int) -> None:
    with pytest.raises(ValueError, match=f"dim={dim}, heads={heads}"):
        CrossModalAttention(dim=dim, heads=heads)

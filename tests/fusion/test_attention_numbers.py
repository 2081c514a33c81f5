"""What attention computes, against PyTorch's own and by hand."""

import pytest
import torch
from torch import nn

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.attention import CrossModalAttention

from .attentions import DIM, HEADS, MASKS, attend, draw_mask, draw_query, make
from .batches import draw_tokens, equal


def as_torch(attention: CrossModalAttention) -> nn.MultiheadAttention:
    """PyTorch's own attention with the same weights; its extra key plays the null key."""
    learned_null = attention.null_key is not None
    reference = nn.MultiheadAttention(
        DIM,
        HEADS,
        add_bias_kv=learned_null,
        kdim=attention.key.in_features,
        vdim=attention.value.in_features,
        batch_first=True,
    )
    parts = (attention.query, attention.key, attention.value)
    with torch.no_grad():
        if reference.in_proj_weight is not None:
            reference.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        else:
            reference.q_proj_weight.copy_(attention.query.weight)
            reference.k_proj_weight.copy_(attention.key.weight)
            reference.v_proj_weight.copy_(attention.value.weight)
        reference.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        if learned_null:
            reference.bias_k.copy_(attention.null_key.reshape(1, 1, DIM))
            reference.bias_v.copy_(attention.null_value.reshape(1, 1, DIM))
        reference.out_proj.load_state_dict(attention.output.state_dict())
    return reference.to(attention.key.weight.dtype)


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


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize(("key_dim", "value_dim"), [(DIM, DIM), (5, 11)])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_without_the_null_key_all_numbers_are_those_of_pytorch(
    kind: str, key_dim: int, value_dim: int, dtype: torch.dtype, tolerance: float
) -> None:
    attention = CrossModalAttention(
        dim=DIM, num_heads=HEADS, key_dim=key_dim, value_dim=value_dim, null_key=False
    )
    attention = attention.to(dtype)
    reference = as_torch(attention)
    query = draw_query(3, 4).to(dtype)
    key, value = (torch.randn(3, 6, d, dtype=dtype).requires_grad_() for d in (key_dim, value_dim))
    mask = draw_mask(kind, rows=3, queries=4, keys=6)
    theirs = {}
    if kind == "padding":
        theirs["key_padding_mask"] = ~mask
    elif kind == "full":
        theirs["attn_mask"] = ~mask.repeat_interleave(HEADS, dim=0)

    output, weights = attention(query, key, value, mask, need_weights=True)
    gradients = torch.autograd.grad(output.square().mean(), [key, value])
    expected, expected_weights = reference(query, key, value, average_attn_weights=False, **theirs)
    expected_gradients = torch.autograd.grad(expected.square().mean(), [key, value])

    assert weights.shape == (3, HEADS, 4, 6)
    assert equal(output, expected, tolerance=tolerance)
    assert equal(weights, expected_weights, tolerance=tolerance)
    for gradient, expected_gradient in zip(gradients, expected_gradients, strict=True):
        assert equal(gradient, expected_gradient, tolerance=tolerance)


def test_queries_of_another_width_are_projected_first() -> None:
    attention = CrossModalAttention(dim=DIM, num_heads=HEADS, query_dim=3)
    plain = CrossModalAttention(dim=DIM, num_heads=HEADS)
    state = attention.state_dict() | {
        "query.weight": torch.eye(DIM),
        "query.bias": torch.zeros(DIM),
    }
    plain.load_state_dict(state)
    query, key = torch.randn(2, 4, 3), draw_tokens([True, True], dim=DIM, longest=5, seed=0)
    output, _ = attend(attention, query, key)
    assert equal(output, attend(plain, attention.query(query), key)[0])


def test_constant_weights_give_the_numbers_worked_out_by_hand() -> None:
    attention = CrossModalAttention(dim=2, num_heads=1)
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

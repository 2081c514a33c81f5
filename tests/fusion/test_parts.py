"""The parts that fusions are made of: pooling, tower and projection."""

import pytest
import torch
from torch import nn

from chiasm.encoders.tokens import Tokens, pad
from chiasm.fusion.base import TokenProjection
from chiasm.fusion.pooling import AttentivePooling
from chiasm.fusion.tower import Tower

from .batches import draw_tokens, equal, shake

DIM = 4


@pytest.fixture
def pooling() -> AttentivePooling:
    pooling = AttentivePooling(dim=DIM, num_heads=2)
    shake(pooling)
    return pooling.eval()


@pytest.fixture
def tower() -> Tower:
    tower = Tower(input_dim=3, dim=DIM, dropout=0.5)
    shake(tower)
    return tower.eval()


def test_pooling_without_preference_is_the_mean_over_real_tokens_and_the_null_value() -> None:
    pooling = AttentivePooling(dim=DIM, num_heads=2)
    with torch.no_grad():
        for parameter in pooling.parameters():
            parameter.zero_()
        # Each of the two heads passes on half of what it gathers.
        pooling.output.weight.copy_(torch.cat([torch.eye(DIM), torch.eye(DIM)], dim=1) / 2)
        pooling.null_token.fill_(6.0)
    tokens = pad(
        [torch.tensor([[3.0] * DIM, [9.0] * DIM]), torch.ones(1, DIM), torch.empty(0, DIM)]
    )
    expected = torch.tensor([(3 + 9 + 6) / 3, (1 + 6) / 2, 6.0])
    assert equal(pooling(tokens), expected[:, None].expand(-1, DIM))


def test_pooling_gives_every_missing_row_one_learned_vector(pooling: AttentivePooling) -> None:
    tokens = draw_tokens([False, True, False], dim=DIM, longest=3, seed=0)
    pooled = pooling(tokens)
    learned = pooling.output(pooling.null_token.repeat(2))
    assert equal(pooled[0], learned)
    assert equal(pooled[2], learned)
    assert not equal(pooled[1], learned)


def test_pooling_does_not_depend_on_the_order_of_tokens(pooling: AttentivePooling) -> None:
    tokens = draw_tokens([True] * 3, dim=DIM, longest=5, seed=0)
    turned = Tokens(tokens.values.flip(1), tokens.mask.flip(1))
    assert equal(pooling(turned), pooling(tokens))


def test_tower_is_the_hidden_layer_of_the_normalised_mean(tower: Tower) -> None:
    tokens = pad([torch.tensor([[1.0, 2.0, 6.0], [3.0, 2.0, 4.0]])])
    mean = torch.tensor([2.0, 2.0, 5.0])
    normalised = (mean - 3.0) / (2.0 + 1e-5) ** 0.5
    linear = next(layer for layer in tower.layers if isinstance(layer, nn.Linear))
    expected = nn.functional.gelu(linear.weight @ normalised + linear.bias)
    assert equal(tower(tokens)[0], expected)


def test_tower_says_of_a_missing_row_what_its_bias_says(tower: Tower) -> None:
    linear = next(layer for layer in tower.layers if isinstance(layer, nn.Linear))
    tokens = draw_tokens([False, True], dim=3, longest=3, seed=0)
    assert equal(tower(tokens)[0], nn.functional.gelu(linear.bias))


def test_tower_does_not_depend_on_the_scale_of_the_encoder(tower: Tower) -> None:
    tokens = draw_tokens([True, True], dim=3, longest=3, seed=0)
    larger = Tokens(1000 * tokens.values + 5, tokens.mask)
    assert equal(tower(larger), tower(tokens), tolerance=1e-4)


def test_projection_keeps_the_mask_and_changes_the_width() -> None:
    tokens = draw_tokens([True, False, True], dim=3, longest=4, seed=0)
    projected = TokenProjection(input_dim=3, dim=DIM, dropout=0.0)(tokens)
    assert projected.values.shape == (*tokens.mask.shape, DIM)
    assert torch.equal(projected.mask, tokens.mask)


def test_projection_drops_the_same_features_of_all_tokens_of_a_row() -> None:
    projection = TokenProjection(input_dim=64, dim=64, dropout=0.5).train()
    with torch.no_grad():
        projection.linear.weight.copy_(torch.eye(64))
        projection.linear.bias.zero_()
    dropped = projection(Tokens(torch.randn(2, 5, 64), torch.ones(2, 5).bool())).values.eq(0)
    assert torch.equal(dropped, dropped[:, :1].expand_as(dropped))
    assert not torch.equal(dropped[0], dropped[1])
    assert 0.3 < dropped.float().mean() < 0.7


def test_projection_in_training_keeps_the_expected_size() -> None:
    torch.manual_seed(0)
    projection = TokenProjection(input_dim=8, dim=3, dropout=0.5)
    tokens = Tokens(torch.randn(1, 2, 8), torch.ones(1, 2).bool())
    expected = projection.eval()(tokens).values
    many = Tokens(tokens.values.expand(4000, -1, -1), tokens.mask.expand(4000, -1))
    assert equal(projection.train()(many).values.mean(0), expected[0], tolerance=0.06)

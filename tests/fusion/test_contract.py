"""What every fusion promises, held by every fusion of two and of three modalities."""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from chiasm.encoders.tokens import Tokens, pad
from chiasm.fusion.base import Fusion
from chiasm.fusion.build import FusionConfig, build_fusion, fusion_names

from .batches import (
    INPUT_DIMS,
    THREE,
    TWO,
    draw_batch,
    equal,
    every_pattern,
    select,
    shake,
    spoil,
)

CASES = [
    pytest.param((modalities, name), id=f"{name}-of-{len(modalities)}")
    for modalities in (TWO, THREE)
    for name in fusion_names(modalities)
]
HEADS = 2


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[tuple[str, ...], str]:
    return request.param


@pytest.fixture
def modalities(case: tuple[tuple[str, ...], str]) -> tuple[str, ...]:
    return case[0]


@pytest.fixture
def fusion(case: tuple[tuple[str, ...], str]) -> Fusion:
    return make(*case)


@pytest.fixture
def batch(modalities: tuple[str, ...]) -> dict[str, Tokens]:
    """One row for each pattern of missing modalities; the first lacks none, the last lacks all."""
    return draw_batch(modalities, every_pattern(modalities))


def make(modalities: tuple[str, ...], name: str, *, seed: int = 0) -> Fusion:
    config = FusionConfig(name=name, dim=8, heads=HEADS, dropout=0.4)
    built = build_fusion(config, {m: INPUT_DIMS[m] for m in modalities})
    shake(built, seed)
    return built.eval()


@torch.no_grad()
def features(fusion: Fusion, batch: Mapping[str, Tokens]) -> Tensor:
    return fusion(batch).features


@pytest.mark.parametrize("training", [False, True])
def test_output_and_gradients_are_finite_for_every_pattern_of_missing_modalities(
    fusion: Fusion, batch: dict[str, Tokens], training: bool
) -> None:
    fusion.train(training)
    values = [tokens.values.requires_grad_() for tokens in batch.values()]
    output = fusion(batch).features
    assert output.isfinite().all()
    output.square().sum().backward()
    reached = [x.grad for x in [*values, *fusion.parameters()] if x.grad is not None]
    assert reached
    assert all(gradient.isfinite().all() for gradient in reached)


def test_output_has_one_vector_of_width_dim_for_each_row(
    fusion: Fusion, batch: dict[str, Tokens]
) -> None:
    assert features(fusion, batch).shape == (len(batch["text"]), fusion.dim)


@pytest.mark.parametrize("further", [0, 3])
def test_values_at_masked_positions_never_matter(
    fusion: Fusion, batch: dict[str, Tokens], further: int
) -> None:
    spoilt = {m: spoil(tokens, further=further) for m, tokens in batch.items()}
    assert equal(features(fusion, spoilt), features(fusion, batch))


def test_no_gradient_reaches_a_masked_position(fusion: Fusion, batch: dict[str, Tokens]) -> None:
    spoilt = {m: spoil(tokens, size=1.0) for m, tokens in batch.items()}
    for tokens in spoilt.values():
        tokens.values.requires_grad_()
    fusion(spoilt).features.square().sum().backward()
    for tokens in spoilt.values():
        if tokens.values.grad is not None:
            assert tokens.values.grad[~tokens.mask].eq(0).all()


def test_a_modality_marked_missing_is_one_that_never_was(
    fusion: Fusion, modalities: tuple[str, ...]
) -> None:
    whole = draw_batch(modalities, [(True,) * len(modalities)] * 3)
    for modality in modalities:
        marked = whole | {modality: whole[modality].keep(torch.zeros(3, dtype=torch.bool))}
        absent = whole | {modality: pad([torch.empty(0, INPUT_DIMS[modality])] * 3)}
        assert equal(features(fusion, marked), features(fusion, absent))


def test_order_of_tokens_in_the_mapping_does_not_matter(
    fusion: Fusion, batch: dict[str, Tokens]
) -> None:
    turned = dict(reversed(batch.items()))
    assert torch.equal(features(fusion, turned), features(fusion, batch))


def test_permuting_rows_permutes_the_features(fusion: Fusion, batch: dict[str, Tokens]) -> None:
    order = torch.randperm(len(batch["text"]), generator=torch.Generator().manual_seed(1)).tolist()
    permuted = features(fusion, select(batch, order))
    assert equal(permuted, features(fusion, batch)[order])


def test_a_row_alone_is_that_row_in_a_batch(fusion: Fusion, batch: dict[str, Tokens]) -> None:
    together = features(fusion, batch)
    for row in range(len(batch["text"])):
        assert equal(features(fusion, select(batch, [row]))[0], together[row])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_finite_and_close(
    fusion: Fusion, batch: dict[str, Tokens], dtype: torch.dtype
) -> None:
    expected = features(fusion, batch)
    halved = {m: Tokens(t.values.to(dtype), t.mask) for m, t in batch.items()}
    output = features(fusion.to(dtype), halved)
    assert output.dtype == dtype
    assert equal(output.float(), expected, tolerance=0.1)


def test_autocast_is_finite_and_close(fusion: Fusion, batch: dict[str, Tokens]) -> None:
    expected = features(fusion, batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = fusion(batch).features
        output.float().square().sum().backward()
    assert equal(output.float(), expected, tolerance=0.1)
    gradients = [p.grad for p in fusion.parameters() if p.grad is not None]
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("training", [False, True])
def test_asking_for_the_attention_never_changes_the_features(
    fusion: Fusion, batch: dict[str, Tokens], training: bool
) -> None:
    fusion.train(training)
    torch.manual_seed(0)
    without = fusion(batch)
    torch.manual_seed(0)
    with_weights = fusion(batch, need_weights=True)
    assert torch.equal(without.features, with_weights.features)
    assert without.attention == {}


def test_attention_of_every_direction_sums_to_1_over_its_keys(
    case: tuple[tuple[str, ...], str], fusion: Fusion, batch: dict[str, Tokens]
) -> None:
    modalities, name = case
    attention = fusion(batch, need_weights=True).attention
    directions = {f"{a}->{b}" for a in modalities for b in modalities if a != b}
    assert set(attention) == (directions if name == "cross_attention" else set())
    for direction, weights in attention.items():
        asking, asked = (batch[modality] for modality in direction.split("->"))
        lengths = (asking.values.shape[1], asked.values.shape[1] + 1)
        assert weights.shape == (len(asking), HEADS, *lengths)
        assert equal(weights.sum(-1), torch.ones(weights.shape[:-1]))


def test_every_parameter_learns_from_a_batch_in_which_nothing_is_missing(
    fusion: Fusion, modalities: tuple[str, ...]
) -> None:
    fusion(
        draw_batch(modalities, [(True,) * len(modalities)] * 4)
    ).features.square().sum().backward()
    idle = [n for n, p in fusion.named_parameters() if p.grad is None or not p.grad.any()]
    assert idle == []


def test_saved_state_gives_the_same_features(
    case: tuple[tuple[str, ...], str], fusion: Fusion, batch: dict[str, Tokens]
) -> None:
    other = make(*case, seed=1)
    assert not equal(features(other, batch), features(fusion, batch))
    other.load_state_dict(fusion.state_dict())
    assert torch.equal(features(other, batch), features(fusion, batch))


def test_what_is_said_of_a_row_depends_on_what_it_holds(
    case: tuple[tuple[str, ...], str], fusion: Fusion
) -> None:
    modalities, name = case
    whole = draw_batch(modalities, [(True,) * len(modalities)] * 2)
    for modality in modalities:
        other = draw_batch(modalities, [(True,) * len(modalities)] * 2, seed=1)[modality]
        changed = not equal(features(fusion, whole | {modality: other}), features(fusion, whole))
        assert changed == (name in (modality, *fusion_names(modalities)[len(modalities) :]))

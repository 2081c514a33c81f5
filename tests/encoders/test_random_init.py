"""Encoders that start from random weights."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from chiasm.encoders.base import Encoder, TrainableBlocks
from chiasm.encoders.features.encoding import encode
from chiasm.encoders.registry import load_encoder
from chiasm.encoders.tokens import pad
from chiasm.errors import EncoderError
from chiasm.fusion.build import FusionConfig
from chiasm.model.classifier import FusionClassifier
from chiasm.model.storage import load_model, save_model
from chiasm.tasks.multiclass import Multiclass

from .conftest import draw_image

KINDS = ["resnet", "vit", "efficientnet-lite0"]


def load(kind: str, checkpoint: Callable[[str], Path], *, seed: int, random: bool) -> Encoder:
    name = kind if kind.startswith("efficientnet") else str(checkpoint(kind))
    torch.manual_seed(seed)
    return load_encoder("image", name, trainable_blocks="all", random_init=random)


def weights_of(encoder: Encoder) -> Tensor:
    return torch.cat([p.detach().flatten() for p in encoder.trainable_layers.parameters()])


@pytest.mark.parametrize("kind", KINDS)
def test_random_weights_follow_the_seed_and_are_not_the_published_ones(
    kind: str, checkpoint: Callable[[str], Path]
) -> None:
    first, again, other = (load(kind, checkpoint, seed=s, random=True) for s in (0, 0, 1))
    published = load(kind, checkpoint, seed=0, random=False)
    assert torch.equal(weights_of(first), weights_of(again))
    assert not torch.equal(weights_of(first), weights_of(other))
    assert not torch.equal(weights_of(first)[:500], weights_of(published)[:500])


def test_both_share_what_the_cache_holds(checkpoint: Callable[[str], Path]) -> None:
    # The trunk only lays out the pixels.
    random, published = (load("resnet", checkpoint, seed=0, random=r) for r in (True, False))
    assert random.fingerprint == published.fingerprint
    image = [draw_image(0)]
    assert torch.equal(encode(random, image)[0], encode(published, image)[0])


@pytest.mark.parametrize("kind", ["resnet", "efficientnet-lite0"])
def test_batch_norms_without_published_statistics_gather_their_own(
    kind: str, checkpoint: Callable[[str], Path]
) -> None:
    top = load(kind, checkpoint, seed=0, random=True).trainable_layers.train()
    norms = [module for module in top.modules() if isinstance(module, nn.BatchNorm2d)]
    assert norms
    assert all(norm.training for norm in norms)
    assert not any(norm.training for norm in top.eval().modules())


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_model_predicts_as_before(
    kind: str, checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    encoder = load(kind, checkpoint, seed=0, random=True)
    fusion = FusionConfig(name="image", dim=8)
    model = FusionClassifier(
        encoders={"image": encoder}, fusion=fusion, task=Multiclass(("a", "b"))
    )
    features = encode(encoder, [draw_image(0), draw_image(1)])
    tokens = {"image": pad([features[0], features[1]])}
    model.train()(tokens)  # gathers statistics
    expected = model.eval()(tokens).logits
    save_model(model, tmp_path, card="")
    torch.manual_seed(7)
    assert torch.equal(load_model(tmp_path)(tokens).logits, expected)


@pytest.mark.parametrize(
    ("modality", "name", "blocks"),
    [
        ("image", "efficientnet-lite0", 0),
        ("image", "efficientnet-lite0", 2),
        ("text", "minilm", "all"),
    ],
)
def test_only_image_encoders_trained_as_a_whole_start_from_random_weights(
    modality: str, name: str, blocks: TrainableBlocks
) -> None:
    with pytest.raises(EncoderError, match="with all blocks trained"):
        load_encoder(modality, name, trainable_blocks=blocks, random_init=True)

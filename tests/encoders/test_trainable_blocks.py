"""Where an encoder is cut changes what is trained, never what it computes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from chiasm.encoders.base import Encoder, TrainableBlocks
from chiasm.encoders.features.cache import FeatureCache
from chiasm.encoders.features.encoding import encode
from chiasm.encoders.huggingface.checkpoint import fingerprint_of
from chiasm.encoders.huggingface.split import _renumber
from chiasm.encoders.registry import load_encoder
from chiasm.encoders.tokens import pad
from chiasm.errors import EncoderError

from .conftest import save_checkpoint, save_image_processor
from .test_contract import IMAGES, TEXTS

LAYERED = [("text", k) for k in ("bert", "roberta", "distilbert", "clip", "mpnet", "deberta")]
LAYERED += [("image", kind) for kind in ("vit", "clip")]
STAGED = [("image", k) for k in ("resnet", "convnext", "convnextv2", "dinov3-convnext", "swin")]
STAGED += [("image", kind) for kind in ("swinv2", "hiera")]
PACKAGED = [("text", "minilm"), ("image", "efficientnet-lite0")]
CASES: list[tuple[str, str, TrainableBlocks]] = [
    *((modality, kind, 1) for modality, kind in LAYERED + STAGED + PACKAGED),
    *(("image", kind, 4) for kind in ("convnextv2", "dinov3-convnext")),
    *((modality, kind, 3) for modality, kind in PACKAGED),
    *((modality, kind, "all") for modality, kind in LAYERED + STAGED + PACKAGED),
]


def load(
    modality: str, kind: str, blocks: TrainableBlocks, checkpoint: Callable[[str], Path]
) -> Encoder:
    name = kind if (modality, kind) in PACKAGED else str(checkpoint(kind))
    return load_encoder(modality, name, trainable_blocks=blocks)


def values_of(modality: str) -> list[Any]:
    return TEXTS if modality == "text" else IMAGES


@pytest.mark.parametrize(("modality", "kind", "blocks"), CASES)
def test_trunk_and_top_together_are_the_frozen_encoder(
    modality: str,
    kind: str,
    blocks: TrainableBlocks,
    checkpoint: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    frozen = load(modality, kind, 0, checkpoint)
    split = load(modality, kind, blocks, checkpoint)
    values = values_of(modality)
    expected = frozen.encode_frozen([frozen.load(value) for value in values])
    # Through the cache, as training sees it: float16, or whole numbers.
    trunk = FeatureCache(tmp_path).features(split, values)
    split.trainable_layers.eval()
    tokens = split.trainable_layers(pad([trunk[row] for row in range(len(values))]))
    assert split.fingerprint != frozen.fingerprint
    assert tokens.values.shape[2] == split.dim == frozen.dim
    assert torch.equal(tokens.mask, expected.mask)
    scale = expected.values[expected.mask].abs().max()
    difference = (tokens.values - expected.values)[expected.mask].abs().max()
    assert difference <= 0.02 * scale


@pytest.mark.parametrize(("modality", "kind", "blocks"), CASES)
def test_a_missing_row_stays_missing_and_gradients_are_finite(
    modality: str, kind: str, blocks: TrainableBlocks, checkpoint: Callable[[str], Path]
) -> None:
    encoder = load(modality, kind, blocks, checkpoint)
    value = values_of(modality)[0]
    trunk = encode(encoder, [value, None])
    encoder.trainable_layers.train()
    tokens = encoder.trainable_layers(pad([trunk[0], trunk[1]]))
    assert tokens.present.tolist() == [True, False]
    tokens.values[tokens.mask].square().sum().backward()
    gradients = [p.grad for p in encoder.trainable_layers.parameters() if p.grad is not None]
    assert gradients
    assert all(bool(torch.isfinite(g).all()) for g in gradients)

    alone = encoder.trainable_layers(pad([trunk[1]]))
    assert not alone.present.any()
    assert torch.isfinite(alone.values).all()


@pytest.mark.parametrize(("modality", "kind"), LAYERED + PACKAGED)
def test_only_the_last_block_of_one_is_trained(
    modality: str, kind: str, checkpoint: Callable[[str], Path]
) -> None:
    one, whole = (load(modality, kind, blocks, checkpoint) for blocks in (1, "all"))
    assert len(one.trainable_layers.blocks()) < len(whole.trainable_layers.blocks())
    trained = [sum(p.numel() for p in e.trainable_layers.parameters()) for e in (one, whole)]
    assert trained[0] < trained[1]


@pytest.mark.parametrize("kind", ["convnextv2", "dinov3-convnext"])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
def test_the_last_blocks_of_all_stages_are_trained_and_nothing_before_them(
    kind: str, count: int, checkpoint: Callable[[str], Path]
) -> None:
    """Stages of two, one, one and three blocks: the last stage comes last."""
    every = [(0, 0), (0, 1), (1, 0), (2, 0), (3, 0), (3, 1), (3, 2)]
    encoder = load("image", kind, count, checkpoint)
    network = encoder.trainable_layers.network.network
    body = network.encoder if kind == "convnextv2" else network.model
    blocks = [stage.layers for stage in body.stages]
    expected = [blocks[stage][place] for stage, place in every[-count:]]
    assert list(encoder.trainable_layers.blocks()) == expected
    trained = {name for name, weight in network.named_parameters() if weight.requires_grad}
    stages = {int(name.partition("stages.")[2][0]) for name in trained if "stages." in name}
    assert stages == {stage for stage, _ in every[-count:]}
    assert not [name for name in trained if "embeddings" in name]


@pytest.mark.parametrize(("kind", "stages"), [("swinv2", "layers"), ("hiera", "stages")])
@pytest.mark.parametrize("count", [1, 2])
def test_a_stage_of_several_blocks_is_no_block(
    kind: str, stages: str, count: int, checkpoint: Callable[[str], Path]
) -> None:
    """Stages of one and two blocks, which transformers computes again as wholes to save memory."""
    encoder = load("image", kind, count, checkpoint)
    last = getattr(encoder.trainable_layers.network.network.encoder, stages)[-1]
    blocks = last.blocks if kind == "swinv2" else last.layers
    assert list(encoder.trainable_layers.blocks()) == list(blocks)[-count:]


@pytest.mark.parametrize(
    ("kind", "blocks", "is_new"), [("vit", 1, False), ("swinv2", 0, False), ("swinv2", 1, True)]
)
def test_only_cuts_within_stages_have_a_fingerprint_of_their_own(
    kind: str, blocks: int, is_new: bool, checkpoint: Callable[[str], Path]
) -> None:
    """Versions that took a stage for a block cached other tokens under the fingerprint of then."""
    former = fingerprint_of(checkpoint(kind), "image", blocks)
    assert (load("image", kind, blocks, checkpoint).fingerprint != former) == is_new


@pytest.mark.parametrize("kind", ["albert", "t5", "longformer", "xlnet"])
def test_a_network_whose_halves_do_not_go_together_is_refused_when_it_is_loaded(
    kind: str, checkpoint: Callable[[str], Path]
) -> None:
    assert load("text", kind, 0, checkpoint).dim == 16
    with pytest.raises(EncoderError, match=r"0 trainable blocks \(frozen\) or all"):
        load("text", kind, 1, checkpoint)


def test_a_network_that_takes_more_than_pixels_is_refused_in_words(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, "siglip2")
    save_image_processor(tmp_path)
    for blocks in (0, 1, "all"):
        with pytest.raises(EncoderError, match=r"siglip2_vision_model.*TypeError.*spatial_shapes"):
            load_encoder("image", str(tmp_path), trainable_blocks=blocks)


def test_what_earlier_versions_saved_of_a_rest_is_read(checkpoint: Callable[[str], Path]) -> None:
    """They numbered its blocks from 1, whatever their place in the whole network."""
    one, other = (load("text", "bert", 1, checkpoint).trainable_layers for _ in "ab")
    with torch.no_grad():
        for weight in one.parameters():
            weight.add_(1)
    state = one.state_dict()
    assert any(".layer.1." in name for name in state)
    deeper = {name.replace(".layer.1.", ".layer.5."): weight for name, weight in state.items()}
    other.network.names = [name.replace("layer.1", "layer.5") for name in other.network.names]
    other.network.network.encoder.layer.append(nn.Identity())
    read = dict(state)
    _renumber(other.network, read, "network.")
    assert read.keys() == deeper.keys()


def test_batch_norms_keep_their_statistics_in_training(checkpoint: Callable[[str], Path]) -> None:
    top = load("image", "resnet", "all", checkpoint).trainable_layers.train()
    norms = [module for module in top.modules() if isinstance(module, nn.BatchNorm2d)]
    assert norms
    assert not any(norm.training for norm in norms)


@pytest.mark.parametrize(
    ("modality", "kind", "blocks", "message"),
    [
        ("text", "bert", 2, "It has 2: give 0"),
        ("text", "minilm", 6, "It has 6: give 0"),
        ("image", "resnet", 2, "It has 2: give 0"),
        ("image", "efficientnet-lite0", 8, "It has 7: give 0"),
    ],
)
def test_a_cut_that_is_not_there_is_refused(
    modality: str,
    kind: str,
    blocks: TrainableBlocks,
    message: str,
    checkpoint: Callable[[str], Path],
) -> None:
    with pytest.raises(EncoderError, match=message):
        load(modality, kind, blocks, checkpoint)

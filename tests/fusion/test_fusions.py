"""What each fusion computes, in numbers that can be worked out by hand."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.base import Fusion
from chiasm.fusion.concat import Concat
from chiasm.fusion.cross_attention import CrossAttention
from chiasm.fusion.feature_gate import FeatureGate
from chiasm.fusion.gated import Gated
from chiasm.fusion.late import Late
from chiasm.fusion.unimodal import Unimodal

from .batches import INPUT_DIMS, THREE, draw_batch, equal, shake

DIMS = {m: INPUT_DIMS[m] for m in THREE}
WHOLE = (True, True, True)


def fix_towers(fusion: Gated | Late | Concat, **biases: float) -> dict[str, Tensor]:
    """Make each tower say one constant of every row, and return these vectors."""
    vectors = {}
    with torch.no_grad():
        for modality, bias in biases.items():
            for layer in fusion.towers[modality].layers:
                if isinstance(layer, nn.Linear):
                    layer.weight.zero_()
                    layer.bias.fill_(bias)
                    vectors[modality] = gelu(layer.bias)
    return vectors


@pytest.fixture
def batch() -> dict[str, Tokens]:
    """Rows that lack nothing, the image, all but the audio, and everything."""
    return draw_batch(THREE, [WHOLE, (True, False, True), (False, False, True), (False,) * 3])


def test_late_fusion_is_the_mean_of_the_logits_of_the_modalities_present(
    batch: dict[str, Tokens],
) -> None:
    late = Late(input_dims=DIMS, dim=8, dropout=0.5).eval()
    shake(late)
    head = nn.Linear(8, 3)
    logits = {m: head(late.towers[m](batch[m])) for m in THREE}
    fused = head(late(batch).features)
    assert equal(fused[0], (logits["text"][0] + logits["image"][0] + logits["audio"][0]) / 3)
    assert equal(fused[1], (logits["text"][1] + logits["audio"][1]) / 2)
    assert equal(fused[2], logits["audio"][2])


def test_late_fusion_of_nothing_is_the_bias_of_the_head(batch: dict[str, Tokens]) -> None:
    late = Late(input_dims=DIMS, dim=8, dropout=0.5).eval()
    shake(late)
    assert late(batch).features[3].eq(0).all()


def test_gates_sum_to_1_over_the_modalities_present(batch: dict[str, Tokens]) -> None:
    gated = Gated(input_dims=DIMS, dim=8, dropout=0.5).eval()
    shake(gated)
    vector = fix_towers(gated, text=0.7, image=0.7, audio=0.7)["text"]
    # Whatever the gates: a weighted mean of equal vectors is that vector, at any width.
    assert equal(gated(batch).features, vector.expand(4, -1))


@pytest.mark.parametrize("dim", [2, 64])
def test_gated_fusion_weighs_each_feature_by_the_softmax_over_modalities(
    batch: dict[str, Tokens], dim: int
) -> None:
    gated = Gated(input_dims=DIMS, dim=dim, dropout=0.5).eval()
    vectors = fix_towers(gated, text=1.0, image=2.0, audio=3.0)
    text, image, audio = (vectors[m] for m in THREE)
    with torch.no_grad():
        gated.gate.weight.zero_()
        # Odds 1 : 2 : 5 for text, image and audio in all features, but for the first all alike.
        gated.gate.bias.copy_(torch.tensor([1.0, 2.0, 5.0]).log().repeat_interleave(dim))
        gated.gate.bias[::dim] = 0.0
    fused = gated(batch).features
    assert equal(fused[0, 1:], ((text + 2 * image + 5 * audio) / 8)[1:])
    assert equal(fused[1, 1:], ((text + 5 * audio) / 6)[1:])
    assert equal(fused[2], audio)
    assert equal(fused[3, 1:], ((text + 2 * image + 5 * audio) / 8)[1:])
    assert equal(fused[0, 0], (text + image + audio)[0] / 3)
    assert equal(fused[1, 0], (text + audio)[0] / 2)


def test_concat_is_the_towers_side_by_side(batch: dict[str, Tokens]) -> None:
    concat = Concat(input_dims=DIMS, dim=8, dropout=0.5).eval()
    expected = torch.cat([concat.towers[m](batch[m]) for m in THREE], dim=1)
    assert concat.dim == 24
    assert torch.equal(concat(batch).features, expected)


def test_unimodal_fusion_never_looks_at_the_other_modalities(batch: dict[str, Tokens]) -> None:
    unimodal = Unimodal(modality="image", input_dim=DIMS["image"], dim=8, dropout=0.5).eval()
    assert torch.equal(unimodal(batch).features, unimodal({"image": batch["image"]}).features)


def make_cross_attention() -> CrossAttention:
    fusion = CrossAttention(input_dims=DIMS, dim=8, num_heads=2, dropout=0.5).eval()
    shake(fusion)
    return fusion


def test_cross_attention_of_a_modality_with_missing_ones_goes_to_their_null_keys(
    batch: dict[str, Tokens],
) -> None:
    attention = make_cross_attention()(batch, need_weights=True).attention
    assert attention["text->image"][1, ..., -1].eq(1).all()
    assert attention["text->audio"][1, ..., -1].lt(1).all()
    assert attention["audio->text"][2, ..., -1].eq(1).all()


def test_cross_attention_features_are_one_part_a_modality(batch: dict[str, Tokens]) -> None:
    fusion = make_cross_attention()
    other = draw_batch(THREE, [WHOLE] * 4, seed=1)["image"]
    unheard = fusion(batch).features
    # Row 2 has audio alone, so that an image is all that its pooled image can tell of.
    changed = fusion(batch | {"image": other}).features
    text, image, audio = (unheard - changed)[2].abs().split(8)
    assert image.gt(0).any()
    assert audio.gt(0).any()
    assert text.eq(0).all()


def test_cross_attention_treats_its_directions_alike() -> None:
    """Renaming the modalities in weights and tokens renames the features: none comes first."""
    dims = {"text": 5, "image": 5}
    fusion = CrossAttention(input_dims=dims, dim=8, num_heads=2, dropout=0.5).eval()
    shake(fusion)
    turned = CrossAttention(input_dims=dims, dim=8, num_heads=2, dropout=0.5).eval()
    names = {"text": "\0", "image": "text", "\0": "image"}

    def rename(key: str) -> str:
        for old, new in names.items():
            key = key.replace(old, new)
        return key

    turned.load_state_dict({rename(key): value for key, value in fusion.state_dict().items()})
    a = Tokens(torch.randn(2, 3, 5), torch.ones(2, 3).bool())
    b = Tokens(torch.randn(2, 4, 5), torch.ones(2, 4).bool())
    features = fusion({"text": a, "image": b}).features
    renamed = turned({"text": b, "image": a}).features
    assert equal(torch.cat(renamed.split(8, dim=1)[::-1], dim=1), features)


def test_cross_attention_hears_only_in_the_directions_chosen(batch: dict[str, Tokens]) -> None:
    fusion = CrossAttention(
        input_dims=DIMS, dim=8, num_heads=2, dropout=0.5, directions=("text->image",)
    ).eval()
    shake(fusion)
    before = fusion(batch).features
    for modality, parts in {"text": "text", "image": "text image", "audio": "audio"}.items():
        other = draw_batch(THREE, [WHOLE] * 4, seed=1)[modality]
        changed = (fusion(batch | {modality: other}).features - before)[0].split(8)
        heard = {m for m, part in zip(THREE, changed, strict=True) if part.ne(0).any()}
        assert heard == set(parts.split())


def train_on_the_sign_of_a_feature(fusion: Fusion) -> float:
    """Train for a while what anything can learn, and return the loss that is left of log 2."""
    batch = draw_batch(THREE, [WHOLE] * 64)
    labels = (batch["image"].mean()[:, 0] > 0).long()
    head = nn.Linear(fusion.dim, 2)
    optimizer = torch.optim.AdamW([*fusion.parameters(), *head.parameters()], lr=1e-3)
    for _ in range(30):
        loss = nn.functional.cross_entropy(head(fusion(batch).features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


def test_a_gate_over_features_scales_by_one_over_their_number_and_a_gate_over_modalities_does_not(
    batch: dict[str, Tokens],
) -> None:
    torch.manual_seed(0)
    feature_gate = FeatureGate(input_dims=DIMS, dim=128, dropout=0.0)
    ungated = torch.cat([feature_gate.towers[m](batch[m]) for m in THREE], dim=1)
    ratio = feature_gate(batch).features.norm() / ungated.norm()
    assert 0.8 < ratio * feature_gate.dim < 1.25
    gated = Gated(input_dims=DIMS, dim=128, dropout=0.0)
    assert gated(batch).features.norm() / ungated.norm() > 0.3


def test_a_gate_over_features_hardly_learns_what_a_gate_over_modalities_does() -> None:
    torch.manual_seed(0)
    assert train_on_the_sign_of_a_feature(Gated(input_dims=DIMS, dim=128, dropout=0.0)) < 0.3
    stuck = train_on_the_sign_of_a_feature(FeatureGate(input_dims=DIMS, dim=128, dropout=0.0))
    assert 0.65 < stuck < 0.7

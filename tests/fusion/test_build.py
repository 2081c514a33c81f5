import json
from dataclasses import asdict, replace

import pytest
import torch

from chiasm.encoders.tokens import Tokens
from chiasm.errors import ChiasmError
from chiasm.fusion.build import FusionConfig, build_fusion, check_fusions, fusion_names
from chiasm.fusion.feature_gate import FeatureGate


def test_fusions_of_two_modalities_are_each_alone_then_the_joint_ones() -> None:
    names = ("text", "image", "concat", "late", "gated", "cross_attention")
    assert fusion_names(("text", "image")) == names


def test_one_modality_has_nothing_to_fuse_with() -> None:
    assert fusion_names(("text",)) == ("text",)


@pytest.mark.parametrize("name", ["", "Concat", "audio", "bilinear"])
def test_unknown_fusion_is_refused_with_those_allowed(name: str) -> None:
    with pytest.raises(ChiasmError, match="text, image, concat, late, gated, cross_attention") as e:
        build_fusion(FusionConfig(name=name), {"text": 4, "image": 4})
    assert f"'{name}'" in str(e.value)


def test_joint_fusion_of_one_modality_is_refused() -> None:
    with pytest.raises(ChiasmError, match="Choose from: text"):
        build_fusion(FusionConfig(name="concat"), {"text": 4})


def test_one_unknown_fusion_among_known_ones_is_named() -> None:
    with pytest.raises(ChiasmError, match="'biliner'"):
        check_fusions(["text", "biliner", "late"], ("text", "image"))


def test_every_fusion_that_is_offered_can_be_built() -> None:
    modalities = ("text", "image")
    names = fusion_names(modalities)
    check_fusions(names, modalities)
    built = [build_fusion(FusionConfig(name=name), dict.fromkeys(modalities, 4)) for name in names]
    assert len({type(fusion) for fusion in built[2:]}) == 4


def test_heads_that_do_not_divide_dim_are_refused() -> None:
    with pytest.raises(ChiasmError, match="dim=10, num_heads=4"):
        FusionConfig(name="cross_attention", dim=10, num_heads=4)


def test_the_gate_over_features_is_built_when_named_and_never_offered() -> None:
    check_fusions(["feature_gate"], ("text", "image"))
    assert "feature_gate" not in fusion_names(("text", "image"))
    fusion = build_fusion(FusionConfig(name="feature_gate", dim=8), {"text": 4, "image": 6})
    assert isinstance(fusion, FeatureGate)
    with pytest.raises(ChiasmError, match="Choose from: text"):
        check_fusions(["feature_gate"], ("text",))


@pytest.mark.parametrize(
    "directions",
    [
        ("text->audio",),
        ("text->image", "image->image"),
        ("text",),
        ("image->text", "image->text"),
        (),
    ],
)
def test_directions_that_are_not_between_the_modalities_are_refused_with_those_allowed(
    directions: tuple[str, ...],
) -> None:
    config = FusionConfig(name="cross_attention", directions=directions)
    with pytest.raises(ChiasmError, match="each once, from: text->image, image->text"):
        build_fusion(config, {"text": 4, "image": 4})


def test_fusions_that_do_not_ask_pay_no_heed_to_directions() -> None:
    heedless = FusionConfig(name="concat", dim=8, directions=("text->image",))
    torch.manual_seed(0)
    fusion = build_fusion(heedless, {"text": 4, "image": 4})
    torch.manual_seed(0)
    expected = build_fusion(replace(heedless, directions=None), {"text": 4, "image": 4})
    tokens = {m: Tokens(torch.randn(2, 3, 4), torch.ones(2, 3).bool()) for m in ("text", "image")}
    fusion.eval(), expected.eval()
    assert torch.equal(fusion(tokens).features, expected(tokens).features)


@pytest.mark.parametrize(("dropout", "keys"), [(0.5, 0.3), (0.1, 0.3), (0.0, 0.0)])
def test_keys_are_dropped_too_unless_nothing_is(dropout: float, keys: float) -> None:
    assert FusionConfig(dropout=dropout).key_dropout == keys
    assert FusionConfig(dropout=dropout, key_dropout=0.2).key_dropout == 0.2


@pytest.mark.parametrize("directions", [None, ("text->image",), ("text->image", "image->text")])
def test_a_config_is_the_same_after_json(directions: tuple[str, ...] | None) -> None:
    config = FusionConfig(name="cross_attention", directions=directions)
    assert FusionConfig(**json.loads(json.dumps(asdict(config)))) == config

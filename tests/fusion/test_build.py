import json
from dataclasses import asdict

import pytest

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


def test_known_fusions_pass() -> None:
    check_fusions(fusion_names(("text", "image")), ("text", "image"))


def test_heads_that_do_not_divide_dim_are_refused() -> None:
    config = FusionConfig(name="cross_attention", dim=10, heads=4)
    with pytest.raises(ChiasmError, match="dim=10, heads=4"):
        build_fusion(config, {"text": 4, "image": 4})


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
        ("text->sound",),
        ("text->image", "image->image"),
        ("text",),
        ("image->text", "image->text"),
        "text->image",
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
    config = FusionConfig(name="concat", directions=("text->image",))
    build_fusion(config, {"text": 4, "image": 4})


@pytest.mark.parametrize("directions", [None, ("text->image",), ("text->image", "image->text")])
def test_a_config_is_the_same_after_json(directions: tuple[str, ...] | None) -> None:
    config = FusionConfig(name="cross_attention", directions=directions)
    assert FusionConfig(**json.loads(json.dumps(asdict(config)))) == config

import json
from dataclasses import asdict

import numpy as np
import pytest

from chiasm.errors import ChiasmError
from chiasm.fusion.build import FusionConfig
from chiasm.training.config import TrainingConfig
from chiasm.training.recipe import Recipe


def test_settings_hold_what_a_record_of_them_can() -> None:
    recipe = Recipe(
        trainable_blocks={"text": np.int64(2), "image": "all"},  # type: ignore[dict-item]
        random_init=["image"],  # type: ignore[arg-type]
        max_seconds=np.float32(2.5),  # type: ignore[arg-type]
        staged=np.bool_(True),  # type: ignore[arg-type]
        fusion=FusionConfig(dim=np.int16(32), dropout=0, directions=["text->image"]),  # type: ignore[arg-type]
        training=TrainingConfig(epochs=np.int64(3), learning_rate=np.float64(0.5)),  # type: ignore[arg-type]
    )
    assert json.loads(json.dumps(asdict(recipe)))["training"]["epochs"] == 3
    assert type(recipe.trainable_blocks["text"]) is int
    assert type(recipe.max_seconds) is float
    assert recipe.staged is True
    assert type(recipe.fusion.dropout) is float
    assert recipe.fusion.directions == ("text->image",)
    assert recipe.random_init == ("image",)


@pytest.mark.parametrize(
    ("kind", "settings", "told"),
    [
        (TrainingConfig, {"class_weight": "balance"}, "class_weight is 'balance', and must be"),
        (TrainingConfig, {"seed": None}, "seed is None, and must be a whole number"),
        (TrainingConfig, {"augment": 1}, "augment is 1, and must be true or false"),
        (TrainingConfig, {"batch_size": True}, "batch_size is True, and must be a whole number"),
        (TrainingConfig, {"layer_decay": 0}, "layer_decay is 0.0, and must be above 0"),
        (FusionConfig, {"num_heads": "4"}, "num_heads is '4', and must be a whole number"),
        (FusionConfig, {"directions": "text->image"}, "directions is 'text->image', and must be a"),
        (Recipe, {"encoders": "minilm"}, "encoders is 'minilm', and must be a mapping"),
        (Recipe, {"fusion": "gated"}, "fusion is 'gated', and must be a mapping of settings"),
        (Recipe, {"lora": {"text": 1.5}}, "lora.text is 1.5, and must be a whole number"),
        (Recipe, {"max_seconds": float("inf")}, "max_seconds is inf, and must be a number"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_the_name_of_its_setting(
    kind: type, settings: dict[str, object], told: str
) -> None:
    with pytest.raises(ChiasmError) as refused:
        kind(**settings)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "settings", "told"),
    [
        (FusionConfig, {"dropout": 1.0}, "dropout is 1.0, and must be 0 or more, and below 1"),
        (
            FusionConfig,
            {"key_dropout": 1.0},
            "key_dropout is 1.0, and must be 0 or more, and below",
        ),
        (FusionConfig, {"modality_dropout": 1.0}, "modality_dropout is 1.0, and must be"),
        (FusionConfig, {"dim": 0}, "dim is 0, and must be 1 or more"),
        (
            TrainingConfig,
            {"learning_rate": 0},
            "learning_rate is 0.0, and must be above 0, and 1 at",
        ),
        (
            TrainingConfig,
            {"learning_rate": 3},
            "learning_rate is 3.0, and must be above 0, and 1 at",
        ),
        (TrainingConfig, {"encoder_learning_rate": -1e-4}, "must be 0 or more, and 1 at most"),
        (TrainingConfig, {"patience": 5}, "patience is 5.0, and must be above 0, and 1 at most"),
        (TrainingConfig, {"patience": 0}, "patience is 0.0, and must be above 0, and 1 at most"),
        (TrainingConfig, {"weight_decay": 1e6}, "weight_decay is 1000000.0, and must be 0 or more"),
        (
            TrainingConfig,
            {"label_smoothing": 1},
            "label_smoothing is 1.0, and must be 0 or more, and",
        ),
        (TrainingConfig, {"auxiliary_loss": -1}, "auxiliary_loss is -1.0, and must be 0 or more"),
        (TrainingConfig, {"max_grad_norm": 0}, "max_grad_norm is 0.0, and must be above 0."),
        (TrainingConfig, {"validation": 0.9}, "validation is 0.9, and must be above 0, and 0.5 at"),
        (
            Recipe,
            {"encoders": {"text": " "}},
            "encoders.text is empty. Give the name or the folder",
        ),
        (Recipe, {"trainable_blocks": {"text": -1}}, "trainable_blocks.text is -1. Give how many"),
        (Recipe, {"lora": {"text": 10**9}}, "lora.text is 1000000000. Give the rank"),
        (Recipe, {"max_seconds": 0}, "max_seconds is 0. Give the seconds"),
    ],
)
def test_a_number_with_which_nothing_could_be_trained_is_refused_with_what_is_allowed(
    kind: type, settings: dict[str, object], told: str
) -> None:
    with pytest.raises(ChiasmError) as refused:
        kind(**settings)
    assert told in str(refused.value)

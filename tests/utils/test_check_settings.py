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

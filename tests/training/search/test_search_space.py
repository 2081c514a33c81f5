from dataclasses import replace

import pytest

from chiasm.errors import ChiasmError
from chiasm.fusion.build import FusionConfig
from chiasm.training.config import TrainingConfig
from chiasm.training.recipe import Recipe
from chiasm.training.search.space import Choice, Range, SearchSpace

RECIPE = Recipe()


def space(recipe: Recipe = RECIPE, *, trains_encoders: bool = False) -> SearchSpace:
    return SearchSpace(recipe, trains_encoders=trains_encoders)


def test_its_own_settings_are_the_recipe() -> None:
    own = space().own
    assert own["weight_decay"] == RECIPE.training.weight_decay
    assert own["dropout"] == RECIPE.fusion.dropout
    assert space().recipe_with(own) == RECIPE


def test_other_settings_go_where_they_belong_and_nothing_else_changes() -> None:
    changed = space().recipe_with({"dim": 64, "learning_rate": 5e-3})
    assert changed == replace(
        RECIPE,
        fusion=replace(RECIPE.fusion, dim=64),
        training=replace(RECIPE.training, learning_rate=5e-3),
    )


def test_only_what_matters_for_the_recipe_is_varied() -> None:
    concat = replace(RECIPE, fusion=FusionConfig(name="concat"))
    assert "key_dropout" in space().ranges
    assert "key_dropout" not in space(concat).ranges
    encoders = {"encoder_learning_rate", "layer_decay"}
    assert not encoders & set(space().ranges)
    assert encoders <= set(space(trains_encoders=True).ranges)


def test_a_setting_beyond_its_range_widens_it() -> None:
    fusion = FusionConfig(name="concat", dim=8, num_heads=2, dropout=0.9)
    training = TrainingConfig(learning_rate=1e-6, batch_size=8)
    ranges = space(Recipe(fusion=fusion, training=training)).ranges
    assert ranges["dim"] == Choice((64, 128, 256, 8))
    assert ranges["batch_size"] == Choice((16, 32, 64, 128, 8))
    assert ranges["dropout"] == Range(0.0, 0.9)
    assert ranges["learning_rate"] == Range(1e-6, 1e-2, log=True)


def test_every_width_can_be_parted_among_the_heads() -> None:
    fusion = FusionConfig(dim=60, num_heads=12)
    assert space(Recipe(fusion=fusion)).ranges["dim"] == Choice((60,))


def test_a_rate_of_nothing_is_refused_in_words() -> None:
    recipe = Recipe(training=TrainingConfig(encoder_learning_rate=0.0))
    with pytest.raises(ChiasmError, match=r"encoder_learning_rate is 0.0.*above 0"):
        space(recipe, trains_encoders=True)

"""SearchSpace: what tuning varies of a recipe, and how far."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TypeAlias

from chiasm.errors import ChiasmError
from chiasm.fusion.build import FusionConfig
from chiasm.training.recipe import Recipe

Setting: TypeAlias = float | int | str


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``; those of each order of magnitude alike if ``log``."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Choice:
    """One of ``options``."""

    options: tuple[Setting, ...]


_DIMS = (64, 128, 256)
_EVERY_FUSION: dict[str, Range | Choice] = {
    "learning_rate": Range(1e-4, 1e-2, log=True),
    "weight_decay": Range(0.0, 1.0),
    "dropout": Range(0.0, 0.8),
    "dim": Choice(_DIMS),
    "label_smoothing": Range(0.0, 0.2),
    "batch_size": Choice((16, 32, 64, 128)),
    "class_weight": Choice(("none", "sqrt", "balanced")),
}
_CROSS_ATTENTION: dict[str, Range | Choice] = {"key_dropout": Range(0.0, 0.5)}
_TRAINED_ENCODERS: dict[str, Range | Choice] = {
    "encoder_learning_rate": Range(1e-5, 5e-4, log=True),
    "layer_decay": Range(0.6, 1.0),
    # Whole encoders in training leave little memory for more rows.
    "batch_size": Choice((16, 32)),
}
_OF_FUSION = {field.name for field in fields(FusionConfig)}


class SearchSpace:
    """The settings of a recipe that tuning varies, each with its range or options.

    A setting of the recipe that lies beyond widens them.

    Args:
        recipe: what is tuned.
        trains_encoders: whether its encoders have blocks that are trained.

    Attributes:
        own: the settings of the recipe itself.
        ranges: where each of them is looked for.

    Raises:
        ChiasmError: a rate of the recipe is 0.
    """

    def __init__(self, recipe: Recipe, *, trains_encoders: bool) -> None:
        ranges = dict(_EVERY_FUSION)
        if recipe.fusion.name == "cross_attention":
            ranges |= _CROSS_ATTENTION
        if trains_encoders:
            ranges |= _TRAINED_ENCODERS
        self._recipe = recipe
        self.own: dict[str, Setting] = {
            name: getattr(recipe.fusion if name in _OF_FUSION else recipe.training, name)
            for name in ranges
        }
        # Each head takes an equal part of the width.
        widths = tuple(d for d in _DIMS if d % recipe.fusion.num_heads == 0)
        ranges["dim"] = Choice(widths)
        self.ranges = {name: _widen(name, each, self.own[name]) for name, each in ranges.items()}

    def recipe_with(self, settings: Mapping[str, Setting]) -> Recipe:
        """The recipe, with these settings instead of its own."""
        recipe = self._recipe
        fusion = {name: value for name, value in settings.items() if name in _OF_FUSION}
        training = {name: value for name, value in settings.items() if name not in _OF_FUSION}
        return replace(
            recipe,
            fusion=replace(recipe.fusion, **fusion),  # type: ignore[arg-type]
            training=replace(recipe.training, **training),  # type: ignore[arg-type]
        )


def _widen(name: str, searched: Range | Choice, own: Setting) -> Range | Choice:
    if isinstance(searched, Choice):
        return searched if own in searched.options else Choice((*searched.options, own))
    value = float(own)
    if searched.log and value <= 0:
        raise ChiasmError(
            f"{name} is {own}, and tuning varies it by factors. Give it a value above 0, such as "
            f"{searched.low}."
        )
    return replace(searched, low=min(searched.low, value), high=max(searched.high, value))

"""read_recipe: a recipe from its YAML."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from chiasm.encoders.defaults import DEFAULT_ENCODERS
from chiasm.encoders.precomputed import precomputed_width
from chiasm.errors import ChiasmError
from chiasm.fusion.build import JOINT_FUSIONS
from chiasm.recipes.did_you_mean import did_you_mean
from chiasm.recipes.find_recipe import find_recipe
from chiasm.recipes.from_plain import from_plain
from chiasm.training.recipe import Recipe


def read_recipe(name: str | Path) -> Recipe:
    """A recipe by its name, or one of your own by the path of its file.

    What the file leaves out has its default.

    Raises:
        ChiasmError: there is no such recipe, or the file is none: no mapping, an unknown setting, a
            value of another kind, an unknown fusion or modality, directions between none.
    """
    try:
        plain = yaml.safe_load(find_recipe(name))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # A date or a number that there cannot be is a ValueError.
        raise ChiasmError(f"The recipe {name} is not YAML: {error}") from error
    recipe: Recipe = from_plain(Recipe, plain, where=f"The recipe {name}")
    _check_names(recipe, name)
    return recipe


def _check_names(recipe: Recipe, name: str | Path) -> None:
    for modality, encoder in recipe.encoders.items():
        if modality not in DEFAULT_ENCODERS and precomputed_width(encoder) is None:
            raise ChiasmError(
                f"The recipe {name} has an encoder for {modality!r}, which is no modality. "
                f"{did_you_mean(modality, DEFAULT_ENCODERS)}Choose from: "
                f"{', '.join(DEFAULT_ENCODERS)}. Precomputed features need no encoder: name them "
                "with --feature."
            )
    known = (*recipe.encoders, *JOINT_FUSIONS)
    if recipe.fusion.name not in known:
        raise ChiasmError(
            f"The recipe {name} asks for the fusion {recipe.fusion.name!r}, which there is not. "
            f"{did_you_mean(recipe.fusion.name, known)}Choose from: {', '.join(known)}."
        )
    directions = recipe.fusion.directions
    if directions is not None and not _are_directions(directions, recipe):
        raise ChiasmError(
            f"The recipe {name} asks for the directions {list(directions)}. Give one or more, each "
            "once, between two of its modalities or features, such as text->image; or leave them "
            "out: then each asks every other."
        )


def _are_directions(directions: Sequence[str], recipe: Recipe) -> bool:
    """Whether some data allows them: any name but that of a modality may be that of features."""
    pairs = [direction.split("->") for direction in directions]
    absent = set(DEFAULT_ENCODERS) - set(recipe.encoders)
    return 0 < len(pairs) == len(set(directions)) and all(
        len(set(pair)) == len(pair) == 2
        and all(name.isidentifier() and name not in absent for name in pair)
        for pair in pairs
    )

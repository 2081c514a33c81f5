"""read_recipe: a recipe from its YAML."""

from pathlib import Path

import yaml

from chiasm.errors import ChiasmError
from chiasm.from_plain import from_plain
from chiasm.recipes.check_names import check_names
from chiasm.recipes.find_recipe import find_recipe
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
    check_names(recipe, where=f"The recipe {name}")
    return recipe

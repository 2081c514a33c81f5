"""read_recipe: a recipe from its YAML."""

from pathlib import Path

import yaml

from chiasm.errors import ChiasmError
from chiasm.from_plain import from_plain
from chiasm.recipes.check_names import check_names
from chiasm.recipes.find_recipe import find_recipe
from chiasm.training.recipe import Recipe

# An alias stands for all that its anchor names, and aliases of those for many times as much.
_MOST_ALIASES = 16
# Digits of a whole number: Python does not even print one of thousands.
_MOST_DIGITS = 100
# What the library raises besides its own for dates, numbers and tags that there cannot be.
_NO_VALUES = (ValueError, LookupError, AttributeError, RecursionError)


class _Loader(yaml.SafeLoader):
    """The safe loader, with a few aliases and digits at most."""

    _aliases = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._aliases += self.check_event(yaml.AliasEvent)
        if self._aliases > _MOST_ALIASES:
            raise yaml.YAMLError(f"more than {_MOST_ALIASES} aliases. Write the values out")
        node = super().compose_node(parent, index)
        number = node if node is not None and node.tag == "tag:yaml.org,2002:int" else None
        if number is not None and len(number.value) > _MOST_DIGITS:
            raise yaml.YAMLError(f"a number of more than {_MOST_DIGITS} digits")
        return node


def read_recipe(name: str | Path) -> Recipe:
    """A recipe by its name, or one of your own by the path of its file.

    What the file leaves out has its default.

    Raises:
        ChiasmError: there is no such recipe, or the file is none: no mapping, an unknown setting, a
            value of another kind, an unknown fusion or modality, directions between none.
    """
    try:
        plain = yaml.load(find_recipe(name), _Loader)  # noqa: S506 - a safe one
    except (yaml.YAMLError, *_NO_VALUES) as error:
        raise ChiasmError(f"The recipe {name} is not YAML: {error}") from error
    recipe: Recipe = from_plain(Recipe, plain, where=f"The recipe {name}")
    check_names(recipe, where=f"The recipe {name}")
    return recipe

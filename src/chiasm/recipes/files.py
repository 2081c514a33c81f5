"""Recipes as YAML: found by name or path, read, and written."""

import textwrap
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from chiasm.errors import ChiasmError, UnreadableExample
from chiasm.recipes.names import check_names
from chiasm.training.recipe import Recipe
from chiasm.utils.config import describe_settings, merge_settings, parse_config
from chiasm.utils.reading import read_regular
from chiasm.utils.suggestions import did_you_mean
from chiasm.utils.writing import atomic_write, write_text

# Those that come with chiasm have one or two kB.
_MOST = 100_000
# An alias stands for all that its anchor names, and aliases of those for many times as much.
_MOST_ALIASES = 16
# Digits of a whole number: Python does not even print one of thousands.
_MOST_DIGITS = 100
# What the library raises besides its own for dates, numbers and tags that there cannot be.
_NO_VALUES = (ValueError, LookupError, AttributeError, RecursionError)


def packaged_recipes() -> dict[str, str]:
    """The YAML of each, by name, in alphabetical order."""
    found = {
        file.name.removesuffix(".yaml"): file.read_text(encoding="utf-8")
        for file in files("chiasm.recipes").iterdir()
        if file.name.endswith(".yaml")
    }
    return dict(sorted(found.items()))


def find_recipe(name: str | Path) -> str:
    """The text of a recipe that comes with chiasm, by name, or of another, by the path of its file.

    Raises:
        ChiasmError: there is no such recipe, or its file is no UTF-8.
    """
    packaged = packaged_recipes()
    if str(name) in packaged:
        return packaged[str(name)]
    path = Path(name).expanduser()
    if not path.exists():
        raise ChiasmError(
            f"There is no recipe {str(name)!r}, neither by name nor as a file. "
            f"{did_you_mean(name, packaged)}Choose from: {', '.join(packaged)}; or give the path "
            "of a YAML file."
        )
    try:
        return read_regular(path, most=_MOST).decode()
    except (UnreadableExample, UnicodeDecodeError) as error:
        raise ChiasmError(f"The recipe {path} cannot be read: {error}") from error


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


def load_recipe(
    name: str | Path | Recipe | None = None, settings: Mapping[str, object] | None = None
) -> Recipe:
    """A recipe by its name, or one of your own by the path of its file; None: the default one.

    What the file leaves out has its default. ``settings`` are to be different from it, or from a
    Recipe, by their dotted names, as in ``{"training.epochs": 5, "encoders.text": "minilm"}``.

    Raises:
        ChiasmError: there is no such recipe, or the file is none: no mapping, an unknown setting, a
            value of another kind, an unknown fusion or modality, directions between none.
    """
    where = f"The recipe {name}" if isinstance(name, str | Path) else "The recipe"
    plain = _read_plain(name, where)
    if isinstance(plain, dict) and settings:
        plain = merge_settings(Recipe, plain, settings, where=where)
    recipe: Recipe = parse_config(Recipe, plain, where=where)
    check_names(recipe, where=where)
    return recipe


def _read_plain(name: str | Path | Recipe | None, where: str) -> Any:
    if isinstance(name, Recipe):
        return asdict(name)
    return {} if name is None else _parse_yaml(find_recipe(name), where)


def parse_setting(given: str) -> tuple[str, Any]:
    """Name and value of a setting such as "training.epochs=5", its value as in a recipe's file.

    Raises:
        ChiasmError: it is of another form.
    """
    name, is_set, value = given.partition("=")
    if not (name and is_set):
        raise ChiasmError(f"A setting is NAME=VALUE, such as training.epochs=5; not {given!r}.")
    return name, _parse_yaml(value, f"The setting {name}")


def _parse_yaml(text: str, where: str) -> Any:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe one
    except (yaml.YAMLError, *_NO_VALUES) as error:
        raise ChiasmError(f"{where} is not YAML: {error}") from error


def describe_recipe(recipe: Recipe) -> str:
    """A recipe as YAML that says of every setting what it is, and its default."""
    return "\n".join(_described(recipe, Recipe(), describe_settings(Recipe))) + "\n"


def _described(config: Any, default: Any, said: Mapping[str, str], before: str = "") -> list[str]:
    indent = "  " * before.count(".")
    lines = []
    for name in (field.name for field in fields(config)):
        own, usual = getattr(config, name), getattr(default, name)
        if is_dataclass(own):
            lines.append(f"{indent}{name}:")
            lines += _described(own, usual, said, f"{before}{name}.")
            continue
        # As YAML has it.
        words = said[before + name].replace("None", "null").rstrip(".")
        comment = f"{words[0].upper()}{words[1:]}. Default: {_flow(usual)}"
        lines += textwrap.wrap(f"{indent}# {comment}", 100, subsequent_indent=f"{indent}# ")
        lines.append(f"{indent}{name}: {_flow(own)}")
    return lines


def _flow(value: object) -> str:
    """A value as YAML on one line."""
    plain = list(value) if isinstance(value, tuple) else value
    text = yaml.safe_dump(plain, default_flow_style=True, allow_unicode=True, width=10_000)
    return text.removesuffix("...\n").strip()


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Write every setting, defaults too, so that a later version trains by the same ones."""
    text = yaml.safe_dump(asdict(recipe), sort_keys=False, allow_unicode=True, width=100)
    with atomic_write(path) as part:
        write_text(part, text)

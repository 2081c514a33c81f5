"""write_recipe: a recipe as YAML, to be kept, edited and read again."""

from dataclasses import asdict
from pathlib import Path

import yaml

from chiasm.training.recipe import Recipe
from chiasm.whole_files import write_text, written_whole


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Write every setting, defaults too, so that a later version trains by the same ones."""
    text = yaml.safe_dump(asdict(recipe), sort_keys=False, allow_unicode=True, width=100)
    with written_whole(path) as part:
        write_text(part, text)

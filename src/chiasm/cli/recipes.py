"""The command ``chiasm recipes``."""

from typing import Annotated

import typer
from rich.table import Table as Grid

from chiasm.cli.screen import results


def recipes(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Print all settings of this one, to copy and edit."),
    ] = None,
) -> None:
    """List the recipes: complete configurations for chiasm train and chiasm compare.

    One of your own: chiasm recipes review > mine.yaml; chiasm train DATA --recipe mine.yaml
    """
    import yaml

    from chiasm.recipes.files import describe_recipe, load_recipe, packaged_recipes

    if name is not None:
        print(describe_recipe(load_recipe(name)), end="")  # noqa: T201
        return
    # Narrow enough for 80 columns.
    grid = Grid("recipe", "what it does", "needs", box=None, pad_edge=False)
    for each, text in packaged_recipes().items():
        # Not read as a Recipe, which would take the seconds that torch takes to load.
        settings = yaml.safe_load(text)
        grid.add_row(
            each, settings["description"], "a hub" if "offline_twin" in settings else "wheels"
        )
    results.print(grid)

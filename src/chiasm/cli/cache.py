"""The command ``chiasm cache``."""

import typer
from rich.filesize import decimal
from rich.table import Table as Grid

from chiasm.cli.screen import results

cache = typer.Typer(
    help="The encoded features, and facts of images, that all runs share.", no_args_is_help=True
)


@cache.command()
def info() -> None:
    """Show where the cache is and what it holds."""
    from chiasm.encoders.features.cache import FeatureCache

    held = FeatureCache().info()
    grid = Grid(title=f"{held.folder}: {decimal(held.bytes)}")
    for name in ("made by", "values", "size"):
        grid.add_column(name, justify="left" if name == "made by" else "right")
    for store in held.stores:
        grid.add_row(store.name, f"{store.entries:,}", decimal(store.bytes))
    results.print(grid)


@cache.command()
def clear() -> None:
    """Remove all of it; the next run encodes anew."""
    from chiasm.encoders.features.cache import FeatureCache

    FeatureCache().clear()
    results.print("The cache is empty.")

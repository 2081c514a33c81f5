"""find_recipe: the YAML of a recipe."""

from pathlib import Path

from chiasm.did_you_mean import did_you_mean
from chiasm.errors import ChiasmError, UnreadableExample
from chiasm.recipes.packaged_recipes import packaged_recipes
from chiasm.regular_files import read_regular

# Those that come with chiasm have one or two kB.
_MOST = 100_000


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

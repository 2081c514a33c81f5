"""packaged_recipes: the recipes that come with chiasm."""

from importlib.resources import files


def packaged_recipes() -> dict[str, str]:
    """The YAML of each, by name, in alphabetical order."""
    found = {
        file.name.removesuffix(".yaml"): file.read_text(encoding="utf-8")
        for file in files("chiasm.recipes").iterdir()
        if file.name.endswith(".yaml")
    }
    return dict(sorted(found.items()))

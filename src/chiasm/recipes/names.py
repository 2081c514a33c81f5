"""check_names: whether there is what a recipe names."""

from collections.abc import Sequence

from chiasm.encoders.defaults import DEFAULT_ENCODERS
from chiasm.encoders.registry import precomputed_width
from chiasm.errors import ChiasmError
from chiasm.fusion.build import JOINT_FUSIONS
from chiasm.training.recipe import Recipe
from chiasm.utils.suggestions import did_you_mean


def check_names(recipe: Recipe, *, where: str) -> None:
    """Make sure of what can be known before there is data; ``where`` says who asks.

    Raises:
        ChiasmError: an unknown fusion or modality, or directions between none.
    """
    for modality, encoder in recipe.encoders.items():
        if modality not in DEFAULT_ENCODERS and precomputed_width(encoder) is None:
            raise ChiasmError(
                f"{where} has an encoder for {modality!r}, which is no modality. "
                f"{did_you_mean(modality, DEFAULT_ENCODERS)}Choose from: "
                f"{', '.join(DEFAULT_ENCODERS)}. Precomputed features need no encoder: name them "
                "in `features`."
            )
    known = (*recipe.encoders, *JOINT_FUSIONS)
    if recipe.fusion.name not in known:
        raise ChiasmError(
            f"{where} asks for the fusion {recipe.fusion.name!r}, which there is not. "
            f"{did_you_mean(recipe.fusion.name, known)}Choose from: {', '.join(known)}."
        )
    directions = recipe.fusion.directions
    if directions is not None and not _are_directions(directions, recipe):
        raise ChiasmError(
            f"{where} asks for the directions {list(directions)}. Give one or more, each "
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

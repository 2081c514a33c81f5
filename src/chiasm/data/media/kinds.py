"""Kind: what the values of a modality are, whatever it is called."""

from typing import Literal, TypeAlias, get_args

# "vector": precomputed features.
Kind: TypeAlias = Literal["text", "image", "audio", "vector"]
KINDS: tuple[Kind, ...] = get_args(Kind)


def default_kind(modality: str) -> Kind:
    """The kind of a modality that was given none: its name where that is a kind, else "vector"."""
    kinds: dict[str, Kind] = {kind: kind for kind in KINDS}
    return kinds.get(modality, "vector")

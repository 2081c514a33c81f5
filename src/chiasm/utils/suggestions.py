"""did_you_mean: the known name that an unknown one looks like."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """A question that ends in a space, or nothing where no known name is near."""
    near = get_close_matches(str(name), list(known), n=1)
    return f"Did you mean {near[0]!r}? " if near else ""

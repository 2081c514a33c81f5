"""did_you_mean: the known name that an unknown one looks like."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches


def did_you_mean(
    name: object, known: Iterable[str], *, stands_for: Mapping[str, str] | None = None
) -> str:
    """A question that ends in a space, or nothing where no known name is near.

    ``stands_for`` says which name is asked about in the place of a known one.
    """
    near = get_close_matches(str(name), list(known), n=1)
    return f"Did you mean {(stands_for or {}).get(near[0], near[0])!r}? " if near else ""

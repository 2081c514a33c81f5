"""check_settings: whether settings may have their values."""

from collections.abc import Collection, Mapping
from typing import Any, get_type_hints

from chiasm.errors import ChiasmError
from chiasm.from_plain import from_plain


def check_settings(
    settings: Any,
    *,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    above: Collection[str] = (),
) -> None:
    """Make sure that every field of a frozen dataclass is as its annotation says, and in its range.

    NumPy's numbers become Python's, and lists tuples, so that records of the settings can be
    written and read. ``ranges`` are the least and the largest value of numbers, of which those
    named in ``above`` are larger than the least; None is in every range.

    Raises:
        ChiasmError: a field is not.
    """
    for name, kind in get_type_hints(type(settings)).items():
        value = from_plain(kind, getattr(settings, name), where=name)
        object.__setattr__(settings, name, value)
    for name, (least, most) in (ranges or {}).items():
        value = getattr(settings, name)
        if value is not None and (not least <= value <= most or (name in above and value == least)):
            begin = f"above {least:g}" if name in above else f"{least:g} or more"
            end = "" if most == float("inf") else f", and {most:g} at most"
            raise ChiasmError(f"{name} is {value!r:.40}, and must be {begin}{end}.")

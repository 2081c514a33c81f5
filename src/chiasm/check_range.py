"""check_range: whether a setting may have its value."""

from chiasm.errors import ChiasmError


def check_range(name: str, value: float, least: float, most: float, *, above: bool = False) -> None:
    """Make sure that ``value`` is from ``least`` (``above``: not it itself) to ``most``.

    Raises:
        ChiasmError: it is not, or is no number.
    """
    fits = isinstance(value, int | float) and least <= value <= most
    if not fits or (above and value == least):
        begin = f"above {least:g}" if above else f"{least:g} or more"
        end = "" if most == float("inf") else f", and {most:g} at most"
        raise ChiasmError(f"{name} is {value!r:.40}, and must be {begin}{end}.")

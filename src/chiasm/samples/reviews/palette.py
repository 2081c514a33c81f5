"""Colours that both a reviewer and a brush know."""

RGB = tuple[int, int, int]

COLOURS: dict[str, RGB] = {
    "red": (200, 45, 45),
    "blue": (50, 90, 190),
    "green": (55, 145, 75),
    "yellow": (232, 195, 60),
    "orange": (232, 125, 40),
    "purple": (125, 70, 165),
    "pink": (232, 140, 170),
    "teal": (35, 140, 145),
    "brown": (135, 90, 55),
    "grey": (130, 135, 140),
    "black": (52, 52, 60),
    "white": (236, 234, 226),
}


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """The colour ``share`` of the way from ``a`` to ``b``."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def darker(colour: RGB, share: float) -> RGB:
    return mix(colour, (0, 0, 0), share)


def lighter(colour: RGB, share: float) -> RGB:
    return mix(colour, (255, 255, 255), share)

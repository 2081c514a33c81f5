"""The things on sale, drawn when new. Each fills about the square [-1, 1]² of its pen."""

from collections.abc import Callable
from random import Random

from chiasm.samples.reviews.palette import COLOURS, RGB, darker, lighter
from chiasm.samples.reviews.pen import Pen, arc

_INK = (45, 42, 48)
_PAPER = (245, 243, 236)
_METAL = (176, 180, 188)
_WOOD = (150, 104, 62)


def _decorate(pen: Pen, rng: Random, box: tuple[float, float, float, float], base: RGB) -> None:
    """A band, dots or nothing: so that a mark on the surface is no damage by itself."""
    left, top, right, bottom = box
    accent = rng.choice([c for c in COLOURS.values() if c != base])
    style = rng.choice(("plain", "band", "dots", "stripes"))
    if style == "band":
        middle = rng.uniform(0.35, 0.65) * (bottom - top) + top
        pen.box(left, middle - 0.1, right, middle + 0.1, accent)
    elif style == "dots":
        for i in range(9):
            x = left + (right - left) * (i % 3 + 0.5) / 3
            y = top + (bottom - top) * (i // 3 + 0.5) / 3
            pen.ellipse(x, y, 0.07, 0.07, accent)
    elif style == "stripes":
        for i in range(3):
            x = left + (right - left) * (i + 0.5) / 3
            pen.box(x - 0.045, top, x + 0.045, bottom, accent)


def mug(pen: Pen, base: RGB, rng: Random) -> None:
    pen.line(arc(0.52, 0.08, 0.36, 0.38, -80, 80), darker(base, 0.25), 0.16)
    pen.polygon([(-0.68, -0.62), (0.56, -0.62), *arc(-0.06, 0.7, 0.5, 0.16, 0, 180)], base)
    _decorate(pen, rng, (-0.55, -0.25, 0.43, 0.55), base)
    pen.ellipse(-0.06, -0.62, 0.62, 0.18, lighter(base, 0.35))
    pen.ellipse(-0.06, -0.6, 0.53, 0.13, darker(base, 0.55))


def teapot(pen: Pen, base: RGB, rng: Random) -> None:
    pen.line(arc(-0.55, 0.1, 0.36, 0.36, 70, 290), darker(base, 0.25), 0.13)
    pen.polygon(
        [(0.45, 0.0), (0.72, -0.2), (0.86, -0.5), (0.98, -0.46), (0.9, 0.0), (0.5, 0.45)],
        darker(base, 0.15),
    )
    pen.ellipse(0, 0.15, 0.68, 0.6, base)
    _decorate(pen, rng, (-0.42, -0.1, 0.42, 0.5), base)
    pen.polygon(arc(0, -0.32, 0.44, 0.24, 180, 360), lighter(base, 0.25))
    pen.ellipse(0, -0.62, 0.11, 0.11, darker(base, 0.3))
    pen.box(-0.4, 0.7, 0.4, 0.8, darker(base, 0.35))


def vase(pen: Pen, base: RGB, rng: Random) -> None:
    left = [(-0.22, -0.9), (-0.2, -0.55), (-0.52, -0.1), (-0.56, 0.3), (-0.3, 0.92)]
    pen.polygon([*left, *((-x, y) for x, y in reversed(left))], base)
    _decorate(pen, rng, (-0.42, -0.05, 0.42, 0.55), base)
    pen.ellipse(0, -0.9, 0.3, 0.1, lighter(base, 0.35))
    pen.ellipse(0, -0.9, 0.22, 0.06, darker(base, 0.6))


def lamp(pen: Pen, base: RGB, rng: Random) -> None:
    pen.ellipse(0, 0.86, 0.44, 0.12, darker(base, 0.45))
    pen.box(-0.07, -0.2, 0.07, 0.84, darker(base, 0.3))
    pen.ellipse(0, 0.45, 0.18, 0.22, darker(base, 0.2))
    pen.polygon([(-0.36, -0.92), (0.36, -0.92), (0.72, 0.0), (-0.72, 0.0)], base)
    _decorate(pen, rng, (-0.36, -0.8, 0.36, -0.1), base)
    pen.box(-0.72, -0.05, 0.72, 0.03, lighter(base, 0.55))
    pen.box(-0.36, -0.94, 0.36, -0.87, lighter(base, 0.4))


def clock(pen: Pen, base: RGB, rng: Random) -> None:
    pen.ellipse(0, 0, 0.9, 0.9, base)
    pen.ellipse(0, 0, 0.74, 0.74, _PAPER)
    for tick in range(12):
        (near, far) = (arc(0, 0, r, r, tick * 30, tick * 30 + 1, steps=1)[0] for r in (0.58, 0.68))
        pen.line((near, far), _INK, 0.05)
    for length, width in ((0.36, 0.08), (0.56, 0.05)):
        angle = rng.uniform(0, 360)
        pen.line(((0, 0), arc(0, 0, length, length, angle, angle + 1, steps=1)[0]), _INK, width)
    pen.ellipse(0, 0, 0.07, 0.07, base)


def chair(pen: Pen, base: RGB, rng: Random) -> None:
    for x in (-0.55, 0.4):
        pen.box(x, 0.2, x + 0.13, 0.95, darker(_WOOD, 0.25))
    for x in (-0.36, 0.22):
        pen.box(x, 0.2, x + 0.1, 0.78, darker(_WOOD, 0.5))
    pen.round_box(-0.52, -0.95, 0.5, 0.15, 0.18, base)
    _decorate(pen, rng, (-0.4, -0.85, 0.38, 0.0), base)
    pen.polygon([(-0.5, 0.1), (0.48, 0.1), (0.66, 0.36), (-0.68, 0.36)], lighter(base, 0.2))
    pen.box(-0.68, 0.34, 0.66, 0.44, darker(base, 0.35))


def shoe(pen: Pen, base: RGB, rng: Random) -> None:
    upper = [(-0.9, 0.35), (-0.88, -0.4), (-0.78, -0.52), (-0.3, -0.5), (-0.2, -0.3)]
    pen.polygon([*upper, (0.2, -0.05), (0.65, 0.05), (0.9, 0.2), (0.95, 0.4)], base)
    pen.polygon(
        ((-0.62, 0.3), (-0.35, -0.15), (-0.1, -0.1), (-0.28, 0.3)), rng.choice((_PAPER, _INK))
    )
    pen.polygon([(0.5, 0.38), *arc(0.72, 0.38, 0.24, 0.26, 190, 360)], lighter(base, 0.45))
    pen.ellipse(-0.55, -0.5, 0.26, 0.07, darker(base, 0.6))
    for i in range(4):
        x, y = -0.2 + i * 0.14, -0.3 + i * 0.085
        pen.line(((x - 0.08, y + 0.16), (x + 0.07, y - 0.03)), _PAPER, 0.05)
    pen.round_box(-0.95, 0.34, 0.99, 0.58, 0.1, _PAPER)
    pen.box(-0.9, 0.5, 0.94, 0.58, darker(base, 0.5))


def bag(pen: Pen, base: RGB, rng: Random) -> None:
    pen.line(arc(0, -0.25, 0.4, 0.62, 180, 360), darker(base, 0.45), 0.1)
    pen.polygon(((-0.66, -0.3), (0.66, -0.3), (0.86, 0.82), (-0.86, 0.82)), base)
    _decorate(pen, rng, (-0.55, 0.2, 0.55, 0.75), base)
    pen.polygon(((-0.67, -0.32), (0.67, -0.32), (0.5, 0.16), (-0.5, 0.16)), darker(base, 0.22))
    pen.round_box(-0.11, 0.06, 0.11, 0.28, 0.04, (214, 178, 90))
    pen.box(-0.86, 0.76, 0.86, 0.86, darker(base, 0.4))


def suitcase(pen: Pen, base: RGB, rng: Random) -> None:
    pen.line(((-0.25, -0.6), (-0.25, -0.93), (0.25, -0.93), (0.25, -0.6)), _METAL, 0.08)
    for x in (-0.45, 0.45):
        pen.ellipse(x, 0.88, 0.1, 0.1, _INK)
    pen.round_box(-0.64, -0.65, 0.64, 0.84, 0.14, base)
    for x in (-0.36, -0.12, 0.12, 0.36):
        pen.box(x - 0.035, -0.56, x + 0.035, 0.76, darker(base, 0.2))
    pen.box(-0.64, 0.04, 0.64, 0.12, darker(base, 0.45))
    pen.round_box(-0.14, -0.04, 0.14, 0.2, 0.03, rng.choice((_METAL, (214, 178, 90))))


def umbrella(pen: Pen, base: RGB, rng: Random) -> None:
    pen.line([(0, -0.3), (0, 0.7), *arc(0.15, 0.72, 0.15, 0.18, 180, 0)], _WOOD, 0.08)
    pen.polygon([*arc(0, 0.05, 0.95, 0.9, 180, 360)], base)
    second = rng.choice((lighter(base, 0.4), darker(base, 0.25), _PAPER))
    for x in (-0.63, 0.0, 0.63):
        pen.polygon([(0, -0.85), (x - 0.3, 0.02), (x, 0.1), (x + 0.3, 0.02)], second)
    for x in (-0.79, -0.31, 0.31, 0.79):
        pen.ellipse(x, 0.05, 0.16, 0.07, base)
    pen.line(((0, -0.85), (0, -0.97)), _INK, 0.06)


def guitar(pen: Pen, base: RGB, rng: Random) -> None:
    pen.box(-0.08, -0.85, 0.08, 0.1, darker(_WOOD, 0.4))
    pen.round_box(-0.14, -1.0, 0.14, -0.74, 0.05, _INK)
    pen.ellipse(0, 0.05, 0.42, 0.34, base)
    pen.ellipse(0, 0.52, 0.58, 0.45, base)
    pen.ellipse(0, 0.5, 0.46, 0.34, lighter(base, rng.uniform(0.1, 0.35)))
    pen.ellipse(0, 0.22, 0.18, 0.17, _INK)
    pen.box(-0.2, 0.62, 0.2, 0.7, _INK)
    for x in (-0.04, 0.0, 0.04):
        pen.line(((x, -0.95), (x, 0.66)), _PAPER, 0.012)


def phone(pen: Pen, base: RGB, rng: Random) -> None:
    pen.round_box(-0.53, -0.97, 0.53, 0.97, 0.14, base)
    pen.round_box(
        -0.46, -0.88, 0.46, 0.88, 0.08, rng.choice(((28, 38, 66), (32, 58, 62), (58, 36, 66)))
    )
    for i in range(12):
        icon = rng.choice(list(COLOURS.values()))
        x, y = -0.28 + 0.28 * (i % 3), -0.4 + 0.28 * (i // 3)
        pen.round_box(x - 0.09, y - 0.09, x + 0.09, y + 0.09, 0.03, icon)
    pen.box(-0.28, -0.76, 0.28, -0.6, _PAPER)
    pen.round_box(-0.14, -0.94, 0.14, -0.9, 0.015, _INK)


def headset(pen: Pen, base: RGB, rng: Random) -> None:
    pen.line(arc(0, 0.05, 0.68, 0.85, 180, 360), base, 0.15)
    pen.line(arc(0, 0.05, 0.6, 0.76, 200, 340), rng.choice((_INK, _METAL)), 0.05)
    for side in (-1, 1):
        pen.ellipse(side * 0.62, 0.35, 0.3, 0.46, darker(base, 0.3))
        pen.ellipse(side * 0.68, 0.35, 0.24, 0.38, base)
        pen.ellipse(side * 0.7, 0.35, 0.11, 0.18, lighter(base, 0.4))


PRODUCTS: dict[str, Callable[[Pen, RGB, Random], None]] = {
    draw.__name__: draw
    for draw in (
        *(mug, teapot, vase, lamp, clock, chair, shoe),
        *(bag, suitcase, umbrella, guitar, phone, headset),
    )
}

"""What can have happened to a product: each takes its finished layer and spoils it."""

import math
from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from chiasm.samples.reviews.palette import RGB
from chiasm.samples.reviews.pen import Point, Pose

_DARK = (22, 18, 18, 255)


def _spot(layer: Image.Image, pose: Pose, rng: Random) -> Point:
    """A point of the product itself, not too near to the edge of its square."""
    alpha = np.asarray(layer.getchannel("A"))
    points = pose.place((rng.uniform(-0.6, 0.6), rng.uniform(-0.6, 0.6)) for _ in range(60))
    return next(((x, y) for x, y in points if alpha[int(y), int(x)]), points[0])


def _colour_at(layer: Image.Image, point: Point) -> RGB:
    red, green, blue = np.asarray(layer)[int(point[1]), int(point[0]), :3].tolist()
    return red, green, blue


def _walk(start: Point, angle: float, step: float, steps: int, rng: Random) -> list[Point]:
    """A jagged path."""
    points = [start]
    for _ in range(steps):
        turn, length = angle + rng.uniform(-0.7, 0.7), step * rng.uniform(0.6, 1.4)
        x, y = points[-1]
        points.append((x + length * math.cos(turn), y + length * math.sin(turn)))
    return points


def _blob(centre: Point, radius: float, rng: Random, *, jagged: bool) -> list[Point]:
    low = 0.45 if jagged else 0.78
    return [
        (centre[0] + r * math.cos(a), centre[1] + r * math.sin(a))
        for i in range(18)
        for a, r in [(i * math.tau / 18, radius * rng.uniform(low, 1.15))]
    ]


def _paint(layer: Image.Image, marks: Image.Image) -> None:
    """Lay marks over the product, and nowhere else."""
    marks.putalpha(ImageChops.multiply(marks.getchannel("A"), layer.getchannel("A")))
    layer.alpha_composite(marks)


def crack(layer: Image.Image, pose: Pose, rng: Random) -> None:
    """Jagged lines that run and fork from where it was hit."""
    marks = Image.new("RGBA", layer.size)
    draw = ImageDraw.Draw(marks)
    size = pose.scale
    for _ in range(2):
        hit, start = _spot(layer, pose, rng), rng.uniform(0, math.tau)
        for ray in range(5):
            path = _walk(hit, start + ray * math.tau / 5, size * 0.17, 8, rng)
            paths = [
                (path, 0.05),
                (_walk(path[3], rng.uniform(0, math.tau), size * 0.13, 5, rng), 0.03),
            ]
            for points, width in paths:
                pixels = max(2, round(width * size))
                draw.line(
                    [(x + pixels, y + pixels) for x, y in points], (250, 250, 250, 200), pixels
                )
                draw.line(points, _DARK, pixels, joint="curve")
    _paint(layer, marks)


def break_apart(layer: Image.Image, pose: Pose, rng: Random) -> None:
    """Broken in two along a jagged line, one part fallen away, with splinters."""
    x, y = _spot(layer, pose, rng)
    colour = _colour_at(layer, (x, y))
    angle, size = rng.uniform(-0.6, 0.6), pose.scale
    reach = math.hypot(*layer.size)
    cos, sin = math.cos(angle), math.sin(angle)
    edge = [
        (x + t * size * cos + push * sin, y + t * size * sin - push * cos)
        for i in range(-8, 9)
        for t, push in [(i * 0.22, size * rng.uniform(-0.16, 0.16))]
    ]
    far = [(edge[-1][0] + reach * sin, edge[-1][1] - reach * cos)]
    far.append((edge[0][0] + reach * sin, edge[0][1] - reach * cos))
    cut = Image.new("L", layer.size)
    ImageDraw.Draw(cut).polygon([*edge, *far], fill=255)
    part = layer.copy()
    part.putalpha(ImageChops.multiply(layer.getchannel("A"), cut))
    layer.putalpha(ImageChops.multiply(layer.getchannel("A"), ImageChops.invert(cut)))
    ImageDraw.Draw(layer).line(edge, (0, 0, 0, 0), round(size * 0.06))
    side = rng.choice((-1, 1))
    part = part.rotate(
        side * rng.uniform(20, 45),
        Image.Resampling.BILINEAR,
        center=(x, y),
        translate=(
            round(-side * size * rng.uniform(0.2, 0.4)),
            round(-size * rng.uniform(0.05, 0.18)),
        ),
    )
    layer.alpha_composite(part)
    draw = ImageDraw.Draw(layer)
    for _ in range(rng.randint(8, 14)):
        at = pose.x + size * rng.uniform(-1.1, 1.1), pose.y + size * rng.uniform(0.7, 1.05)
        draw.polygon(_blob(at, size * rng.uniform(0.07, 0.16), rng, jagged=True)[::4], fill=colour)


def tear(layer: Image.Image, pose: Pose, rng: Random) -> None:
    """Ragged holes with a dark rim."""
    for _ in range(rng.randint(2, 3)):
        rim = _blob(_spot(layer, pose, rng), pose.scale * rng.uniform(0.26, 0.4), rng, jagged=True)
        marks = Image.new("RGBA", layer.size)
        ImageDraw.Draw(marks).line([*rim, rim[0]], _DARK, round(pose.scale * 0.08), joint="curve")
        _paint(layer, marks)
        ImageDraw.Draw(layer).polygon(rim, fill=(0, 0, 0, 0))


def stain(layer: Image.Image, pose: Pose, rng: Random) -> None:
    """Blotches of dirt with drips and splashes."""
    marks = Image.new("RGBA", layer.size)
    draw = ImageDraw.Draw(marks)
    mud, mould = ((70, 44, 20), (44, 46, 24), (30, 26, 26)), ((206, 196, 160), (172, 186, 140))
    brightness = sum(_colour_at(layer, _spot(layer, pose, rng)))
    dirt = rng.choice(mud if brightness > 300 else mould)
    for _ in range(rng.randint(6, 9)):
        x, y = _spot(layer, pose, rng)
        radius = pose.scale * rng.uniform(0.15, 0.32)
        draw.polygon(_blob((x, y), radius, rng, jagged=False), fill=(*dirt, 225))
        draw.line(
            [(x, y), (x, y + radius * rng.uniform(1.2, 2.6))], (*dirt, 225), round(radius * 0.35)
        )
        for _ in range(9):
            at = x + radius * rng.gauss(0, 1.3), y + radius * rng.gauss(0, 1.3)
            draw.polygon(
                _blob(at, radius * rng.uniform(0.08, 0.26), rng, jagged=False), fill=(*dirt, 235)
            )
    _paint(layer, marks)


def scratch(layer: Image.Image, pose: Pose, rng: Random) -> None:
    """Bundles of scores, dark beside bright."""
    marks = Image.new("RGBA", layer.size)
    draw = ImageDraw.Draw(marks)
    size = pose.scale
    for _ in range(rng.randint(6, 8)):
        (x, y), angle = _spot(layer, pose, rng), rng.uniform(0, math.pi)
        for _ in range(rng.randint(4, 7)):
            dx, dy = (size * rng.uniform(-0.2, 0.2) for _ in range(2))
            turn, half = angle + rng.uniform(-0.2, 0.2), size * rng.uniform(0.2, 0.5)
            ends = [
                (x + dx + s * half * math.cos(turn), y + dy + s * half * math.sin(turn))
                for s in (-1, 1)
            ]
            width = max(2, round(size * rng.uniform(0.015, 0.03)))
            draw.line([(px + width, py + width) for px, py in ends], (30, 28, 28, 230), width)
            draw.line(ends, (248, 246, 240, 255), width)
    _paint(layer, marks)


DAMAGES: dict[str, Callable[[Image.Image, Pose, Random], None]] = {
    "cracked": crack,
    "broken": break_apart,
    "torn": tear,
    "stained": stain,
    "scratched": scratch,
}

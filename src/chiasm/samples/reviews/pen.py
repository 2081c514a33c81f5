"""Pen: draws one thing in its own coordinates, wherever and however it lies in the picture."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from chiasm.samples.reviews.palette import RGB

Point = tuple[float, float]


@dataclass(frozen=True)
class Pose:
    """Centre and half-size of a thing in pixels, its turn in radians, mirrored or not."""

    x: float
    y: float
    scale: float
    angle: float = 0.0
    mirrored: bool = False

    def place(self, points: Iterable[Point]) -> list[Point]:
        """Map points of the thing's own square [-1, 1]², y down, to pixels."""
        cos, sin = math.cos(self.angle) * self.scale, math.sin(self.angle) * self.scale
        side = -1 if self.mirrored else 1
        return [
            (self.x + side * x * cos - y * sin, self.y + side * x * sin + y * cos)
            for x, y in points
        ]


class Pen:
    """Draws shapes on a transparent layer; each is made of points, so that each can be turned."""

    def __init__(self, size: tuple[int, int], pose: Pose) -> None:
        self.layer = Image.new("RGBA", size)
        self.pose = pose
        self._draw = ImageDraw.Draw(self.layer)

    def polygon(self, points: Iterable[Point], fill: RGB) -> None:
        self._draw.polygon(self.pose.place(points), fill=fill)

    def line(self, points: Sequence[Point], fill: RGB, width: float) -> None:
        pixels = max(2, round(width * self.pose.scale))
        placed = self.pose.place(points)
        self._draw.line(placed, fill=fill, width=pixels, joint="curve")
        for x, y in (placed[0], placed[-1]):
            r = pixels / 2 - 0.5
            self._draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: RGB) -> None:
        self.polygon(((left, top), (right, top), (right, bottom), (left, bottom)), fill)

    def round_box(
        self, left: float, top: float, right: float, bottom: float, radius: float, fill: RGB
    ) -> None:
        corners = (
            (right - radius, bottom - radius, 0),
            (left + radius, bottom - radius, 90),
            (left + radius, top + radius, 180),
            (right - radius, top + radius, 270),
        )
        points = [p for x, y, a in corners for p in arc(x, y, radius, radius, a, a + 90, steps=6)]
        self.polygon(points, fill)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: RGB) -> None:
        self.polygon(arc(x, y, rx, ry, 0, 360), fill)


def arc(
    x: float, y: float, rx: float, ry: float, start: float, stop: float, steps: int = 28
) -> list[Point]:
    """Points of an ellipse's arc around (x, y), from ``start`` to ``stop`` degrees, clockwise."""
    angles = [math.radians(start + (stop - start) * i / steps) for i in range(steps + 1)]
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]

"""Where photos are taken: rooms to stand a product in, and views without any product."""

from collections.abc import Callable
from random import Random

from PIL import Image, ImageDraw

from chiasm.samples.reviews.palette import COLOURS, RGB, darker, lighter, mix

Size = tuple[int, int]


def _shade(size: Size, top: RGB, bottom: RGB) -> Image.Image:
    """A vertical gradient."""
    ramp = Image.linear_gradient("L").resize(size, Image.Resampling.NEAREST)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), ramp)


def _ridge(
    size: Size, height: float, rough: float, rng: Random, steps: int = 14
) -> list[tuple[float, float]]:
    """Outline of hills whose tops lie about ``height`` of the way down, closed at the bottom."""
    width, bottom = size
    points = [
        (width * i / steps, bottom * (height + rng.uniform(-rough, rough)))
        for i in range(steps + 1)
    ]
    return [*points, (width, bottom), (0, bottom)]


def draw_room(size: Size, rng: Random) -> Image.Image:
    """A wall and a table or floor, with some pattern and sometimes a thing on the wall."""
    width, height = size
    wall = mix(
        rng.choice(list(COLOURS.values())),
        rng.choice(((245, 240, 230), (200, 205, 215), (90, 90, 100))),
        rng.uniform(0.5, 0.85),
    )
    table = mix(
        rng.choice(
            ((150, 104, 62), (205, 180, 140), (96, 70, 52), (190, 190, 190), (110, 125, 130))
        ),
        wall,
        0.15,
    )
    room = _shade(size, lighter(wall, rng.uniform(0, 0.2)), darker(wall, rng.uniform(0, 0.25)))
    draw = ImageDraw.Draw(room)
    gap, faint = rng.randint(22, 60), rng.choice((darker, lighter))(wall, 0.12)
    pattern = rng.choice(("plain", "stripes", "tiles", "dots"))
    for x in range(rng.randrange(gap), width, gap):
        if pattern == "stripes":
            draw.rectangle((x, 0, x + gap // 3, height), fill=faint)
        elif pattern == "tiles":
            draw.line((x, 0, x, height), fill=faint, width=3)
            draw.line((0, x, width, x), fill=faint, width=3)
        elif pattern == "dots":
            for y in range(gap // 2, height, gap):
                draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=faint)
    if rng.random() < 0.5:
        _hang_something(draw, size, rng)
    tilt, level = rng.uniform(-0.04, 0.04), rng.uniform(0.6, 0.82)
    left, right = height * (level - tilt), height * (level + tilt)
    draw.polygon(((0, left), (width, right), (width, height), (0, height)), fill=table)
    for _ in range(rng.choice((0, 8, 16))):
        start, down = rng.uniform(-0.3, 0.9) * width, rng.uniform(level + 0.05, 1) * height
        end = start + width * rng.uniform(0.2, 0.6)
        draw.line((start, down, end, down + 3), fill=darker(table, 0.15), width=3)
    draw.line((0, left, width, right), fill=darker(table, 0.35), width=4)
    return room


def _hang_something(draw: ImageDraw.ImageDraw, size: Size, rng: Random) -> None:
    width, height = size
    x, y = rng.choice((0.02, 0.7)) * width, rng.uniform(0.03, 0.2) * height
    w, h = width * rng.uniform(0.16, 0.27), height * rng.uniform(0.18, 0.34)
    draw.rectangle(
        (x, y, x + w, y + h), fill=rng.choice(((90, 64, 44), (240, 240, 240), (50, 50, 56)))
    )
    draw.rectangle(
        (x + 7, y + 7, x + w - 7, y + h - 7), fill=rng.choice(((170, 205, 235), *COLOURS.values()))
    )


def mountains(size: Size, rng: Random) -> Image.Image:
    sky = rng.choice(((140, 185, 230), (235, 170, 130), (190, 200, 215)))
    view = _shade(size, sky, lighter(sky, 0.5))
    draw = ImageDraw.Draw(view)
    _draw_sun(draw, size, rng)
    far, rock = lighter(sky, 0.1), rng.choice(((92, 104, 124), (110, 96, 92), (70, 90, 100)))
    for layer in range(3):
        draw.polygon(
            _ridge(size, 0.4 + 0.17 * layer, 0.14, rng, rng.randint(6, 12)),
            fill=mix(far, rock, (layer + 1) / 3),
        )
    draw.polygon(_ridge(size, 0.88, 0.03, rng), fill=(70, rng.randint(100, 140), 64))
    return view


def sea(size: Size, rng: Random) -> Image.Image:
    width, height = size
    sky, water = rng.choice(
        (
            ((250, 190, 130), (60, 80, 120)),
            ((150, 200, 240), (30, 110, 150)),
            ((200, 205, 210), (80, 110, 115)),
        )
    )
    view = _shade(size, darker(sky, 0.15), lighter(sky, 0.3))
    draw = ImageDraw.Draw(view)
    _draw_sun(draw, size, rng)
    level = round(height * rng.uniform(0.4, 0.62))
    draw.rectangle((0, level, width, height), fill=water)
    for _ in range(45):
        x, y = rng.uniform(0, width), rng.uniform(level, height)
        draw.line(
            (x, y, x + rng.uniform(10, 60), y), fill=lighter(water, rng.uniform(0.1, 0.4)), width=3
        )
    for _ in range(rng.randint(1, 3)):
        x, s = rng.uniform(0.1, 0.9) * width, rng.uniform(18, 50)
        draw.polygon(
            (
                (x - s, level),
                (x + s, level),
                (x + s * 0.6, level + s * 0.4),
                (x - s * 0.6, level + s * 0.4),
            ),
            fill=(90, 50, 40),
        )
        draw.polygon(
            ((x, level - 5), (x, level - s * 2), (x + s * 0.9, level - 5)), fill=(245, 240, 230)
        )
    return view


def city(size: Size, rng: Random) -> Image.Image:
    width, height = size
    sky = rng.choice(((30, 36, 70), (150, 190, 225), (225, 160, 140)))
    view = _shade(size, sky, lighter(sky, 0.4))
    draw = ImageDraw.Draw(view)
    lit = (250, 225, 130) if sky[0] < 100 else (190, 215, 230)
    x = -rng.randint(0, 30)
    while x < width:
        w, top = rng.randint(36, 80), round(height * rng.uniform(0.15, 0.65))
        wall = rng.choice(((84, 84, 96), (120, 100, 92), (66, 74, 92), (140, 132, 124)))
        draw.rectangle((x, top, x + w, height), fill=wall)
        for wy in range(top + 10, height, 24):
            for wx in range(x + 8, x + w - 12, 18):
                draw.rectangle(
                    (wx, wy, wx + 9, wy + 13), fill=lit if rng.random() < 0.6 else darker(wall, 0.4)
                )
        x += w + rng.randint(0, 8)
    draw.rectangle((0, round(height * 0.93), width, height), fill=(60, 60, 64))
    return view


def forest(size: Size, rng: Random) -> Image.Image:
    width, height = size
    view = _shade(
        size, rng.choice(((170, 205, 225), (225, 205, 170), (150, 170, 165))), (205, 215, 190)
    )
    draw = ImageDraw.Draw(view)
    leaf = rng.choice(((40, 100, 60), (150, 110, 40), (60, 120, 50)))
    for depth in range(3):
        draw.polygon(
            _ridge(size, 0.66 + 0.11 * depth, 0.02, rng), fill=mix((120, 150, 90), leaf, depth / 3)
        )
        for _ in range(7):
            x, y = rng.uniform(0, width), height * (0.72 + 0.11 * depth)
            s = height * rng.uniform(0.1, 0.17) * (1 + depth * 0.4)
            draw.rectangle((x - s * 0.1, y - s * 0.4, x + s * 0.1, y), fill=(92, 66, 44))
            for step in range(3):
                base, w = y - s * (0.3 + 0.5 * step), s * (0.6 - 0.13 * step)
                draw.polygon(
                    ((x - w, base), (x + w, base), (x, base - s * 0.9)),
                    fill=darker(leaf, 0.1 * step),
                )
    return view


def meadow(size: Size, rng: Random) -> Image.Image:
    width, height = size
    view = _shade(size, (120, 180, 235), (215, 230, 240))
    draw = ImageDraw.Draw(view)
    _draw_sun(draw, size, rng)
    for _ in range(rng.randint(1, 4)):
        x, y = rng.uniform(0, width), rng.uniform(0.08, 0.3) * height
        for step in range(4):
            draw.ellipse(
                (x + step * 22, y - rng.uniform(4, 18), x + step * 22 + 46, y + 20),
                fill=(250, 250, 250),
            )
    grass = rng.choice(((110, 170, 80), (160, 165, 80), (85, 150, 90)))
    draw.polygon(_ridge(size, rng.uniform(0.5, 0.6), 0.04, rng, 6), fill=lighter(grass, 0.15))
    x, y, s = rng.uniform(0.15, 0.8) * width, height * 0.72, height * rng.uniform(0.1, 0.18)
    draw.rectangle(
        (x - s, y - s, x + s, y + s * 0.3), fill=rng.choice(((235, 225, 205), (200, 150, 120)))
    )
    draw.polygon(((x - s * 1.2, y - s), (x + s * 1.2, y - s), (x, y - s * 1.9)), fill=(150, 60, 50))
    draw.rectangle((x - s * 0.2, y - s * 0.4, x + s * 0.25, y + s * 0.3), fill=(90, 60, 45))
    draw.polygon(_ridge(size, 0.8, 0.03, rng, 6), fill=grass)
    for _ in range(50):
        fx, fy = rng.uniform(0, width), rng.uniform(0.84, 1) * height
        draw.ellipse((fx, fy, fx + 8, fy + 8), fill=rng.choice(list(COLOURS.values())))
    return view


def parcel(size: Size, rng: Random) -> Image.Image:
    """The carton, still closed."""
    width, height = size
    view = draw_room(size, rng)
    draw = ImageDraw.Draw(view)
    carton = rng.choice(((196, 154, 104), (176, 134, 88), (214, 178, 130)))
    w, h = width * rng.uniform(0.25, 0.36), height * rng.uniform(0.17, 0.27)
    x, y = width * rng.uniform(0.42, 0.58), height * rng.uniform(0.55, 0.66)
    skew, lid = w * rng.uniform(-0.35, 0.35), h * rng.uniform(0.35, 0.7)
    top = (
        (x - w, y - h),
        (x + w, y - h),
        (x + w * 0.8 + skew, y - h - lid),
        (x - w * 0.8 + skew, y - h - lid),
    )
    draw.polygon(top, fill=lighter(carton, 0.25))
    draw.rectangle((x - w, y - h, x + w, y + h), fill=carton)
    draw.polygon(
        (
            (x - 14, y - h),
            (x + 14, y - h),
            (x + 12 + skew, y - h - lid),
            (x - 12 + skew, y - h - lid),
        ),
        fill=(228, 212, 170),
    )
    draw.rectangle((x - 14, y - h, x + 14, y - h * 0.4), fill=(228, 212, 170))
    draw.rectangle((x + w * 0.25, y, x + w * 0.85, y + h * 0.6), fill=(245, 245, 240))
    for line in range(4):
        draw.line(
            (
                x + w * 0.3,
                y + h * (0.12 + 0.12 * line),
                x + w * rng.uniform(0.5, 0.8),
                y + h * (0.12 + 0.12 * line),
            ),
            fill=(70, 70, 75),
            width=3,
        )
    return view


def _draw_sun(draw: ImageDraw.ImageDraw, size: Size, rng: Random) -> None:
    x, y, r = rng.uniform(0.1, 0.9) * size[0], rng.uniform(0.1, 0.35) * size[1], rng.uniform(14, 38)
    draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 240, 190))


VIEWS: dict[str, Callable[[Size, Random], Image.Image]] = {
    draw.__name__: draw for draw in (mountains, sea, city, forest, meadow, parcel)
}

"""Photographs: a drawn scene under some light, through some camera."""

from random import Random

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from chiasm.samples.reviews.damage import DAMAGES
from chiasm.samples.reviews.palette import RGB
from chiasm.samples.reviews.pen import Pen, Pose
from chiasm.samples.reviews.products import PRODUCTS
from chiasm.samples.reviews.scenery import VIEWS, Size, draw_room

# Scenes are drawn larger than they are kept: the reduction smooths the edges.
_OVERSIZE = 2


def photograph_product(
    product: str, *, colour: RGB, damage: str | None, rng: Random
) -> Image.Image:
    """A photo, 160 to 200 pixels a side, of a product: new, or with one of ``DAMAGES``."""
    width, height = size = _draw_size(rng)
    room = draw_room(size, rng)
    pose = Pose(
        x=width * rng.uniform(0.4, 0.6),
        y=height * rng.uniform(0.44, 0.56),
        scale=min(size) * rng.uniform(0.33, 0.43),
        angle=rng.gauss(0, 0.16),
        mirrored=rng.random() < 0.5,
    )
    pen = Pen(size, pose)
    PRODUCTS[product](pen, colour, rng)
    layer = pen.layer
    _round(layer, pose, rng)
    if damage is None:
        _polish(layer, pose, rng)
    else:
        DAMAGES[damage](layer, pose, rng)
    _cast_shadow(room, layer, pose, rng)
    room.paste(layer, mask=layer)
    return _expose(room, rng)


def photograph_view(view: str, *, rng: Random) -> Image.Image:
    """A photo, 160 to 200 pixels a side, of one of ``VIEWS``: no product is in it."""
    return _expose(VIEWS[view](_draw_size(rng), rng), rng)


def _draw_size(rng: Random) -> Size:
    return _OVERSIZE * rng.randint(160, 200), _OVERSIZE * rng.randint(160, 200)


def _round(layer: Image.Image, pose: Pose, rng: Random) -> None:
    """Darken one side of the product, which gives it a body."""
    side = Image.linear_gradient("L").rotate(rng.choice((90, 270))).point(_scaled(0.45))
    width = max(2, round(pose.scale * 2))
    shade = Image.new("L", layer.size)
    shade.paste(
        side.resize((width, layer.height), Image.Resampling.NEAREST),
        (round(pose.x - width / 2), 0),
    )
    layer.paste((16, 14, 30, 255), mask=ImageChops.multiply(shade, layer.getchannel("A")))


def _polish(layer: Image.Image, pose: Pose, rng: Random) -> None:
    """The gleam of something new."""
    pen = Pen(layer.size, Pose(pose.x, pose.y, pose.scale, pose.angle + rng.uniform(0.2, 0.6)))
    at = rng.uniform(-0.5, 0.1)
    for left, right in ((at, at + 0.2), (at + 0.28, at + 0.34)):
        pen.box(left, -1.4, right, 1.4, (255, 255, 255))
    gleam = ImageChops.multiply(pen.layer.getchannel("A"), layer.getchannel("A"))
    pen.layer.putalpha(gleam.point(_scaled(0.38)))
    layer.alpha_composite(pen.layer)


def _cast_shadow(room: Image.Image, layer: Image.Image, pose: Pose, rng: Random) -> None:
    reach = round(pose.scale * rng.uniform(0.05, 0.18)) * rng.choice((-1, 1))
    small = layer.getchannel("A").reduce(4).filter(ImageFilter.BoxBlur(2))
    shadow = small.resize(layer.size, Image.Resampling.BILINEAR)
    shadow = ImageChops.offset(shadow, reach, round(pose.scale * 0.06))
    room.paste((28, 25, 28), mask=shadow.point(_scaled(0.5)))


def _scaled(share: float) -> list[int]:
    """Table that maps each of the 256 grey levels to its share."""
    return [round(level * share) for level in range(256)]


def _expose(scene: Image.Image, rng: Random) -> Image.Image:
    """Light from one side, a cast of colour, sometimes a little blur, and the camera's noise."""
    photo = scene.reduce(_OVERSIZE)
    if rng.random() < 0.25:
        photo = photo.filter(ImageFilter.GaussianBlur(0.7))
    pixels = np.asarray(photo, dtype=np.float32)
    height, width, _ = pixels.shape
    across, down = rng.uniform(-0.3, 0.3), rng.uniform(-0.3, 0.3)
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
    light = rng.uniform(0.75, 1.1) * (1 + across * x[None, :] + down * y[:, None])
    cast = np.array([rng.uniform(0.92, 1.08) for _ in range(3)], dtype=np.float32)
    noise = np.random.default_rng(rng.getrandbits(32)).standard_normal(
        (height, width, 1), np.float32
    )
    pixels = pixels * (light[..., None] * cast) + rng.uniform(1, 7) * noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))

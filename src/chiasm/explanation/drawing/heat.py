"""overlay_heatmap: an image with its scores over it."""

import numpy as np
from PIL import Image, ImageColor, ImageEnhance

from chiasm.explanation.attribution.scores import score_grid
from chiasm.explanation.drawing.shade import relative
from chiasm.inference.attribution import Attribution
from chiasm.utils.arrays import Floats
from chiasm.utils.palette import VIVID_BLUE, VIVID_ORANGE

_FOR, _AGAINST = ImageColor.getrgb(VIVID_BLUE), ImageColor.getrgb(VIVID_ORANGE)
_OPACITY = 0.66
_SATURATION = 0.35


def overlay_heatmap(image: Image.Image, attribution: Attribution) -> Image.Image:
    """A paler copy, blue where the image speaks for the class, orange where against.

    The strongest score has the full colour if it stands out (see ``relative``); between the
    middles of cells it is interpolated.
    """
    scores, box = score_grid(attribution)
    width, height = image.size
    left, top = round(box[0] * width), round(box[1] * height)
    right, bottom = round(box[2] * width), round(box[3] * height)
    heat = _heat(scores, (max(1, right - left), max(1, bottom - top)))
    faded = ImageEnhance.Color(image).enhance(_SATURATION)
    faded.paste(heat, (left, top), heat)
    return faded


def _heat(scores: Floats, size: tuple[int, int]) -> Image.Image:
    """The scores in colour, as transparent as they are weak."""
    strengths = relative(scores).astype(np.float32)
    smooth = Image.fromarray(strengths).resize(size, Image.Resampling.BICUBIC)
    values = np.clip(np.asarray(smooth), -1, 1)  # [height, width]
    pixels = np.empty((*values.shape, 4), dtype=np.uint8)
    pixels[..., :3] = np.where(values[..., None] >= 0, _FOR, _AGAINST)
    pixels[..., 3] = 255 * _OPACITY * np.abs(values) ** 1.3
    return Image.fromarray(pixels)

"""Pixels: an image as a vision network takes it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from chiasm.data.media.images import open_image
from chiasm.errors import EncoderError
from chiasm.inference.preprocessing.network_input import NetworkInput
from chiasm.inference.token_spans import WHOLE, Box

# No network looks at more, and a few images of that size fit in memory.
_LARGEST_SIDE = 4_096


@dataclass(frozen=True)
class Pixels:
    """Resizes, cuts out the middle and standardises, each where it is asked for.

    Attributes:
        resize: height and width to squeeze the whole image into.
        shorter_side: what the shorter side is resized to, where the aspect ratio is kept.
        resample: the number of Pillow's filter.
        crop: height and width of the middle that is kept; it must fit in.
        scale: what the numbers of the pixels are multiplied by; None: they stay bytes, as RGB
            ``[h, w, 3]``, and are not standardised.
        mean: of each channel, taken away after scaling.
        deviation: of each channel, divided by.
        decoded_side: a JPEG may be decoded at a fraction of its size, its shorter side no smaller
            than that.

    Raises:
        EncoderError: settings by which no image can be prepared.
    """

    resample: int
    resize: tuple[int, int] | None = None
    shorter_side: int | None = None
    crop: tuple[int, int] | None = None
    scale: float | None = None
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)
    decoded_side: int | None = None

    def __post_init__(self) -> None:
        sides = [*(self.resize or ()), *(self.crop or ())]
        sides += [side for side in (self.shorter_side, self.decoded_side) if side is not None]
        if not all(0 < side <= _LARGEST_SIDE for side in sides):
            raise EncoderError(
                f"Images cannot be resized or cut to {sides}: each side has 1 to "
                f"{_LARGEST_SIDE:,} pixels."
            )
        if self.resample not in set(Image.Resampling):
            raise EncoderError(
                f"There is no resampling filter {self.resample}. Choose from: "
                f"{', '.join(f'{each.value} ({each.name.lower()})' for each in Image.Resampling)}."
            )
        numbers = (self.scale or 1.0, *self.mean, *self.deviation)
        if self.scale == 0 or 0 in self.deviation or not np.isfinite(numbers).all():
            raise EncoderError(
                f"Pixels cannot be scaled by {self.scale} and standardised by the mean "
                f"{self.mean} and deviation {self.deviation}: give finite numbers, and none of 0 "
                "but in the mean."
            )

    def load(self, value: Path | bytes) -> NetworkInput:
        """``[h, w, 3]`` bytes, or float32 ``[3, h, w]`` where they are scaled.

        Raises:
            UnreadableExample: the image cannot be decoded.
        """
        image = open_image(value, at_least=self.decoded_side)
        if self.resize is not None:
            image = image.resize(self.resize[::-1], Image.Resampling(self.resample))
        elif self.shorter_side is not None:
            image = image.resize(
                _keeping_aspect(image.size, self.shorter_side), Image.Resampling(self.resample)
            )
        box = WHOLE
        if self.crop is not None:
            image, box = _cut_middle(image, *self.crop)
        return NetworkInput(self._standardise(np.asarray(image)), box=box)

    def _standardise(self, pixels: NDArray[np.uint8]) -> NDArray[Any]:
        if self.scale is None:
            return pixels
        scaled = (pixels.astype(np.float64) * self.scale).astype(np.float32)
        mean, deviation = (np.array(each, np.float32) for each in (self.mean, self.deviation))
        # [h, w, 3] -> [3, h, w]
        return np.ascontiguousarray(((scaled - mean) / deviation).transpose(2, 0, 1))


def _keeping_aspect(size: tuple[int, int], shorter: int) -> tuple[int, int]:
    width, height = size
    if width <= height:
        return shorter, int(shorter * height / width)
    return int(shorter * width / height), shorter


def _cut_middle(image: Image.Image, height: int, width: int) -> tuple[Image.Image, Box]:
    left, top = (image.width - width) // 2, (image.height - height) // 2
    right, bottom = left + width, top + height
    box = (
        left / image.width,
        top / image.height,
        right / image.width,
        bottom / image.height,
    )
    return image.crop((left, top, right, bottom)), box

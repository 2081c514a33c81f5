"""refuse_large: images and audio beyond the limits, told before anything is decoded."""

import io
import struct

from PIL import Image

from chiasm.data.media.audio import import_audio
from chiasm.data.media.image_structure import refuse_costly
from chiasm.data.media.images import FORMATS
from chiasm.errors import UnreadableExample
from chiasm.serving.limits import Limits

# What Pillow raises on a header that makes no sense; to say what is wrong is the decoder's part.
_UNREADABLE = (OSError, SyntaxError, ValueError, TypeError, LookupError, OverflowError)


def count_pixels(content: bytes) -> int:
    """Pixels of an image file once decoded; 0 where its header tells nothing.

    Raises:
        UnreadableExample: a structure that would keep a decoder busy.
    """
    refuse_costly(content)
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            return image.width * image.height
    except Image.DecompressionBombError:
        return Image.MAX_IMAGE_PIXELS or 0
    except (*_UNREADABLE, struct.error):
        return 0


def refuse_large_image(content: bytes, limits: Limits) -> int:
    """How many pixels an image has.

    Raises:
        UnreadableExample: more than allowed, or as ``count_pixels``.
    """
    pixels = count_pixels(content)
    if pixels > limits.pixels:
        raise UnreadableExample(
            f"more than {limits.pixels / 1_000_000:g} megapixels. Send a smaller image; models "
            "look at a few hundred pixels a side"
        )
    return pixels


def refuse_long_audio(audio: bytes, limits: Limits) -> None:
    """Let an audio clip pass that is not too long.

    Raises:
        UnreadableExample: longer than allowed.
    """
    soundfile = import_audio("soundfile")
    try:
        seconds = soundfile.info(io.BytesIO(audio)).duration
    except soundfile.SoundFileError:
        return  # what is wrong with it is for the decoder to say
    if seconds > limits.seconds:
        raise UnreadableExample(f"longer than {limits.seconds:g} seconds. Send a shorter audio")

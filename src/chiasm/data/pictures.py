"""Pictures: decode an image file safely."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from chiasm.errors import UnreadableExample

MAX_PIXELS = 100_000_000
MAX_BYTES = 200_000_000
# Raster formats only: a vector or a document format would run code of its own to be drawn.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")

# What Pillow's decoders raise on files that are not what they claim to be.
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, EOFError, LookupError, OverflowError)
_DECODING_ERRORS = (*_BROKEN, struct.error, zlib.error, Image.DecompressionBombError)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def open_picture(source: Path | bytes, *, at_least: int | None = None) -> Image.Image:
    """Decode an image file to upright 8-bit RGB, whatever its mode; transparency lies over white.

    The content decides the format, not the name. Of an animation only the first frame is read.
    With ``at_least`` (pixels) a JPEG may come smaller than it is stored, its shorter side no
    smaller than that.

    Raises:
        UnreadableExample: not a picture, too large, truncated or broken.
    """
    return decode_picture(read_picture(source), at_least)[1]


def as_rgb(image: Image.Image) -> Image.Image:
    """Turn any mode into 8-bit RGB: 16-bit grey is scaled, transparency laid over white.

    Raises:
        UnreadableExample: 32-bit pixels, whose range the file does not tell.
    """
    if image.mode.startswith("I;16"):
        # convert() would clip at 255 and turn nearly every pixel white.
        grey = np.asarray(image).astype(np.uint16) >> 8
        image = Image.fromarray(grey.astype(np.uint8))
    if image.mode in ("I", "F"):
        raise UnreadableExample("32-bit pixels (save the picture with 8 or 16 bits)")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return image.convert("RGB")


def read_picture(source: Path | bytes) -> bytes:
    """The content of an image file, of at most ``MAX_BYTES``.

    Raises:
        UnreadableExample: no such file, or an empty or too large one.
    """
    if isinstance(source, Path):
        try:
            if not source.is_file():
                raise UnreadableExample("file not found")
            size = source.stat().st_size
            data = source.read_bytes() if size <= MAX_BYTES else b""
        except (OSError, ValueError) as error:
            raise UnreadableExample("file cannot be read") from error
    else:
        data, size = source, len(source)
    if size > MAX_BYTES:
        raise UnreadableExample(f"picture file larger than {MAX_BYTES // 1_000_000} MB")
    if not data:
        raise UnreadableExample("empty picture file")
    return data


def decode_picture(data: bytes, at_least: int | None = None) -> tuple[tuple[int, int], Image.Image]:
    """The width and height as stored, and the picture as ``open_picture`` gives it.

    Raises:
        UnreadableExample: as ``open_picture``.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            size = image.size
            if size[0] * size[1] > MAX_PIXELS:
                raise Image.DecompressionBombError
            if at_least is not None:
                image.draft(None, (at_least, at_least))
            image.load()
            return size, as_rgb(_upright(image))
    except UnidentifiedImageError as error:
        raise UnreadableExample(f"not a picture ({', '.join(FORMATS)})") from error
    except Image.DecompressionBombError as error:
        reason = f"picture of more than {MAX_PIXELS // 1_000_000} megapixels"
        raise UnreadableExample(reason) from error
    except _DECODING_ERRORS as error:
        truncated = "truncated" in str(error).lower()
        raise UnreadableExample("truncated picture" if truncated else "broken picture") from error


def _upright(image: Image.Image) -> Image.Image:
    try:
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except (*_BROKEN, struct.error):
        # Only the notes of the camera are broken, the pixels are whole.
        return image
    return image if turn is None else image.transpose(turn)

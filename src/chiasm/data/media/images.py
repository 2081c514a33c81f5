"""Images: decode an image file safely."""

import io
import struct
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from chiasm.data.media.image_structure import has_costly_tags, refuse_costly
from chiasm.errors import UnreadableExample
from chiasm.utils.reading import read_regular, say_size

MAX_PIXELS = 100_000_000
MAX_BYTES = 200_000_000
_TOO_LARGE = f"image of more than {MAX_PIXELS // 1_000_000} megapixels"
# Raster formats only: a vector or a document format would run code of its own to be drawn.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")

# What Pillow's decoders raise on files that are not what they claim to be.
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, EOFError, LookupError, OverflowError)
_DECODING_ERRORS = (*_BROKEN, struct.error, zlib.error, Image.DecompressionBombError)
# What it raises on images in memory that were closed, are empty, or of a mode it cannot write.
_MEMORY_ERRORS = (*_DECODING_ERRORS, AttributeError, SystemError, MemoryError)
_JPEG, _END_OF_JPEG = b"\xff\xd8\xff", b"\xff\xd9"
_PNG = b"\x89PNG\r\n\x1a\n"
_NOTES = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
# Which part of the rows of a JPEG may be missing at its end.
_MISSING = 0.25
# Rows of pixels that are laid over white together.
_BAND = 256
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def open_image(source: Path | bytes, *, at_least: int | None = None) -> Image.Image:
    """Decode an image file to upright 8-bit RGB, whatever its mode; transparency lies over white.

    The content decides the format, not the name. Of an animation only the first frame is read, of
    a JPEG whose end is missing what is there, if that is most of it. With ``at_least`` (pixels) a
    JPEG may come smaller than it is stored, its shorter side no smaller than that.

    Raises:
        UnreadableExample: not an image, too large, truncated or broken.
    """
    return decode_image(read_image(source), at_least).image


def encode_image(image: Image.Image) -> bytes:
    """An image in memory as the bytes of a file: its own, or its pixels as an upright PNG.

    Raises:
        UnreadableExample: it was closed, is empty, truncated or too large, or of an odd mode.
    """
    try:
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        own = _own_file(image)
        if own is not None:
            return own
        buffer = io.BytesIO()
        as_rgb(upright(image)).save(buffer, "PNG")
    except Image.DecompressionBombError as error:
        raise UnreadableExample(_TOO_LARGE) from error
    except _MEMORY_ERRORS as error:
        raise UnreadableExample("image in memory that cannot be read") from error
    return buffer.getvalue()


def _own_file(image: Image.Image) -> bytes | None:
    """What an image was opened from, if none of it was decoded yet, and so nothing changed."""
    file = getattr(image, "fp", None)
    if file is None or not getattr(image, "tile", None) or image.tell():
        return None
    position = file.tell()
    file.seek(0)
    data = bytes(file.read(MAX_BYTES + 1))
    file.seek(position)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            return data if opened.size == image.size else None
    except UnidentifiedImageError:
        return None  # of a format that is not read from files


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
        raise UnreadableExample("32-bit pixels (save the image with 8 or 16 bits)")
    if image.has_transparency_data:
        return _over_white(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _over_white(image: Image.Image) -> Image.Image:
    """Without its transparency, a band of rows at a time: whole copies would take four times it."""
    opaque = Image.new("RGB", image.size)
    for top in range(0, image.height, _BAND):
        band = image.crop((0, top, image.width, min(top + _BAND, image.height))).convert("RGBA")
        white = Image.new("RGBA", band.size, "white")
        opaque.paste(Image.alpha_composite(white, band).convert("RGB"), (0, top))
    return opaque


def read_image(source: Path | bytes) -> bytes:
    """The content of an image file, of at most ``MAX_BYTES``.

    Raises:
        UnreadableExample: no such file, or an empty or too large one.
    """
    data = read_regular(source, most=MAX_BYTES) if isinstance(source, Path) else source
    if len(data) > MAX_BYTES:
        raise UnreadableExample(f"file larger than {say_size(MAX_BYTES)}")
    if not data:
        raise UnreadableExample("empty image file")
    return data


@dataclass(frozen=True)
class Decoded:
    """The width and height as stored, and the image as ``open_image`` gives it.

    ``is_whole`` is False where the end of the file is missing.
    """

    size: tuple[int, int]
    image: Image.Image
    is_whole: bool = True


def decode_image(data: bytes, at_least: int | None = None) -> Decoded:
    """Decode the content of an image file.

    Raises:
        UnreadableExample: as ``open_image``.
    """
    refuse_costly(data)
    try:
        return _decode(data, at_least)
    except UnreadableExample:
        if data.startswith(_PNG) and (bare := _without_notes(data)) != data:
            return _decode(bare, at_least)
        if data.startswith(_JPEG) and not data.rstrip(b"\0").endswith(_END_OF_JPEG):
            found = _decode(data + _END_OF_JPEG, at_least)
            if _missing_rows(found.image) <= _MISSING:
                return replace(found, is_whole=False)
        raise


def _missing_rows(image: Image.Image) -> float:
    """Which part of the rows at the lower edge is of one colour, as a decoder fills up."""
    pixels = np.asarray(image)
    told = np.flatnonzero((pixels != pixels[-1, -1]).any(axis=(1, 2)))
    return 1.0 if not len(told) else 1 - (int(told[-1]) + 1) / len(pixels)


def _without_notes(data: bytes) -> bytes:
    """A PNG without its texts and colour profile, of which there may be more than Pillow reads."""
    kept, position = [_PNG], len(_PNG)
    while position + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        if kind not in _NOTES:
            kept.append(data[position : position + length + 12])
        position += length + 12
    return b"".join(kept)


def _decode(data: bytes, at_least: int | None) -> Decoded:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            size = image.size
            if size[0] * size[1] > MAX_PIXELS:
                raise Image.DecompressionBombError
            if at_least is not None:
                image.draft(None, (at_least, at_least))
            image.load()
            return Decoded(size, as_rgb(upright(image)))
    except UnidentifiedImageError as error:
        raise UnreadableExample(f"not an image ({', '.join(FORMATS)})") from error
    except Image.DecompressionBombError as error:
        raise UnreadableExample(_TOO_LARGE) from error
    except _DECODING_ERRORS as error:
        truncated = "truncated" in str(error).lower()
        raise UnreadableExample("truncated image" if truncated else "broken image") from error


def upright(image: Image.Image) -> Image.Image:
    """The image as its camera was held, where its notes tell."""
    if has_costly_tags(image.info.get("exif", b"")):
        return image
    try:
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except (*_BROKEN, struct.error):
        # Only the notes of the camera are broken, the pixels are whole.
        return image
    return image if turn is None else image.transpose(turn)

"""refuse_costly: image files whose structure alone would keep a decoder busy for minutes.

What a decoder does for each scan, chunk, block or strip it does for those that are empty, too: a
file of a few hundred kB may ask for hours. They are counted before any decoder sees the file.
"""

import re
import struct
from collections.abc import Iterator

from chiasm.errors import UnreadableExample

# A camera writes a few dozen segments, a colour profile takes up to 255.
_SEGMENTS = _FILL = 2_000
# Encoders write 1 to 12 scans. Each goes over all pixels, in about a second for this many.
_SCANS, _SCANNED_PIXELS = 100, 600_000_000
# A writer with a buffer of 4 kB makes so many of 80 MB.
_CHUNKS = 20_000
_TAGS = 1_000
# Run-length coded BMP is decoded run by run in Python.
_RUN_LENGTHS = 1_000_000

# Any marker of a JPEG but stuffing, fill bytes and restarts, which lie within a scan.
_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
_ALONE = (0x01, 0xD8, 0xD9)
_SCAN, _END = 0xDA, 0xD9
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_TIFF = {b"II*\0": "<", b"MM\0*": ">", b"II+\0": "<", b"MM\0+": ">"}
_STRIPS = (273, 324)
_SHORT = 3
_JPEG_IN_TIFF = (6, 7)


def refuse_costly(data: bytes) -> None:
    """Let an image file pass that a decoder is done with in a second or two.

    Raises:
        UnreadableExample: more scans, segments, chunks, blocks, strips or tags than any program
            writes.
    """
    if data.startswith(b"\xff\xd8"):
        _check_jpeg(data)
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        _count(_png_chunks(data), "chunks")
    elif data.startswith(b"GIF8"):
        _count(_gif_blocks(data), "blocks")
    elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        _count(_riff_chunks(data), "chunks")
    elif data[:4] in _TIFF:
        _check_tiff(data)
    elif data.startswith(b"BM") and data[30:31] in (b"\1", b"\2") and len(data) > _RUN_LENGTHS:
        raise UnreadableExample("run-length coded BMP of more than 1 MB")


def has_costly_tags(exif: bytes) -> bool:
    """Whether the notes of a camera have more tags than any camera writes."""
    try:
        _check_tiff(exif.removeprefix(b"Exif\0\0"))
    except UnreadableExample:
        return True
    return False


def _count(positions: Iterator[int], what: str, most: int = _CHUNKS) -> None:
    for number, _ in enumerate(positions):
        if number == most:
            raise UnreadableExample(f"image file of more than {most:,} {what}")


def _check_jpeg(data: bytes) -> None:
    scans, pixels, filled = 0, 0, 0
    for number, (marker, position, fill) in enumerate(_jpeg_segments(data)):
        filled += 0 if scans else fill
        if number == _SEGMENTS or filled > _FILL:
            raise UnreadableExample(f"JPEG of more than {_SEGMENTS:,} segments or fill bytes")
        if marker in _FRAMES and position + 7 <= len(data):
            height, width = struct.unpack_from(">HH", data, position + 3)
            pixels = max(pixels, height * width)
        scans += marker == _SCAN
        if scans > _SCANS or scans * pixels > max(_SCANNED_PIXELS, 12 * pixels):
            raise UnreadableExample(f"JPEG of more than {scans - 1:,} scans")


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Each marker, where what it stands for begins, and the bytes before it, to the image's end.

    A last one, of no marker, where there is none.
    """
    position, in_scan = 2, False
    while found := _MARKER.search(data, position):
        fill = found.start() - position
        marker, position = found[1][0], found.end()
        yield marker, position, fill
        in_scan |= marker == _SCAN
        if marker == _END and in_scan:  # what comes behind it is not read
            return
        if marker not in _ALONE:
            position += max(2, int.from_bytes(data[position : position + 2], "big"))
    yield 0, len(data), len(data) - position


def _png_chunks(data: bytes) -> Iterator[int]:
    position = 8
    while position + 8 <= len(data):
        yield position
        position += 12 + int.from_bytes(data[position : position + 4], "big")


def _riff_chunks(data: bytes) -> Iterator[int]:
    position = 12
    while position + 8 <= len(data):
        yield position
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8 + size + size % 2


def _gif_blocks(data: bytes) -> Iterator[int]:
    """The blocks of the extensions before the first image, which alone is read."""
    position = 13
    if len(data) > position and data[10] & 0x80:
        position += 3 << (data[10] & 7) + 1
    while data[position : position + 1] == b"!":
        position += 2
        while size := int.from_bytes(data[position : position + 1], "little"):
            yield position
            position += 1 + size
        yield position
        position += 1


def _check_tiff(data: bytes) -> None:
    order = _TIFF.get(data[:4])
    if order is None:
        return
    is_big = data[2:4] in (b"+\0", b"\0+")
    entry = struct.Struct(f"{order}HHQQ" if is_big else f"{order}HHLL")
    offset, head = ("Q", 8) if is_big else ("L", 4)
    try:
        (directory,) = struct.unpack_from(order + offset, data, head)
        (tags,) = struct.unpack_from(order + ("Q" if is_big else "H"), data, directory)
        start = directory + (8 if is_big else 2)
        if tags > _TAGS:
            raise UnreadableExample(f"image file of more than {_TAGS:,} tags")
        # A short lies in the first bytes of its field.
        unused = 0 if order == "<" else 48 if is_big else 16
        told = {}
        for number in range(tags):
            tag, kind, count, value = entry.unpack_from(data, start + number * entry.size)
            if tag in _STRIPS and count > _CHUNKS:
                raise UnreadableExample(f"image file of more than {_CHUNKS:,} strips")
            told[tag] = value >> unused if kind == _SHORT else value
    except struct.error:
        return  # broken, which is for the decoder to say
    _check_jpeg_strips(data, told)


def _check_jpeg_strips(data: bytes, tags: dict[int, int]) -> None:
    """The scans of a TIFF whose strips or tiles are JPEGs."""
    if tags.get(259) not in _JPEG_IN_TIFF:
        return
    width, height = tags.get(256, 0), tags.get(257, 0)
    strip = tags.get(322, width) * min(tags.get(323, tags.get(278, height)), height)
    if data.count(b"\xff\xda") * strip > max(_SCANNED_PIXELS, 24 * width * height):
        raise UnreadableExample("TIFF of more scans than any program writes")

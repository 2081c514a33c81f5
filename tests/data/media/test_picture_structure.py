"""Files that would keep a decoder busy are refused before any decoder sees them."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from chiasm.data.media.image_structure import has_costly_tags, refuse_costly
from chiasm.data.media.images import as_rgb, open_image
from chiasm.errors import UnreadableExample


def encoded(form: str, size: tuple[int, int] = (300, 200), **settings: Any) -> bytes:
    file = io.BytesIO()
    Image.new("L", size, 128).save(file, form, **settings)
    return file.getvalue()


def jpeg_of_scans(scans: int, size: tuple[int, int] = (64, 64)) -> bytes:
    """The last scan of a progressive JPEG again and again."""
    data = encoded("JPEG", size, progressive=True)
    start = data.rindex(b"\xff\xda")
    return data[:-2] + data[start:-2] * (scans - data.count(b"\xff\xda")) + data[-2:]


def jpeg_of_segments(segments: int) -> bytes:
    data = encoded("JPEG")
    return data[:2] + b"\xff\xe1\x00\x08Exif\0\0" * segments + data[2:]


def jpeg_of_fill(fill: int) -> bytes:
    data = encoded("JPEG")
    return data[:2] + b"\xff" * fill + data[2:]


def png_of_chunks(chunks: int) -> bytes:
    data = encoded("PNG")
    empty = b"\0\0\0\0prVt" + struct.pack(">I", zlib.crc32(b"prVt"))
    return data[:33] + empty * chunks + data[33:]


def gif_of_blocks(blocks: int) -> bytes:
    data = encoded("GIF")
    place = data.index(b",", 13)
    return data[:place] + b"!\xfe" + b"\1a" * blocks + b"\0" + data[place:]


def webp_of_chunks(chunks: int) -> bytes:
    data = encoded("WEBP") + b"NOTE\0\0\0\0" * chunks
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


def tiff(entries: list[tuple[int, int, int, int]], order: str = "<") -> bytes:
    head = b"II*\0" if order == "<" else b"MM\0*"
    packed = b"".join(struct.pack(f"{order}HHLL", *entry) for entry in entries)
    return head + struct.pack(f"{order}LH", 8, len(entries)) + packed + bytes(4)


def tiff_of_tags(tags: int) -> bytes:
    return tiff([(40_000 + tag, 3, 1, 0) for tag in range(tags)])


def tiff_of_strips(strips: int) -> bytes:
    return tiff([(256, 3, 1, 8), (257, 3, 1, 8), (273, 4, strips, 8)])


def tiff_of_scans(scans: int) -> bytes:
    tags = [(256, 4, 1, 1000), (257, 4, 1, 1000), (259, 3, 1, 7), (278, 4, 1, 1000)]
    return tiff(tags) + b"\xff\xda" * scans


def big_tiff_of_tags(tags: int) -> bytes:
    packed = b"".join(struct.pack("<HHQQ", tag, 3, 1, 0) for tag in range(tags))
    return struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, tags) + packed + bytes(8)


@pytest.mark.parametrize(
    ("make", "allowed", "refused"),
    [
        (jpeg_of_scans, 90, 2_000),
        (jpeg_of_segments, 1_000, 3_000),
        (jpeg_of_fill, 1_000, 100_000),
        (png_of_chunks, 10_000, 30_000),
        (gif_of_blocks, 10_000, 30_000),
        (webp_of_chunks, 10_000, 30_000),
        (tiff_of_tags, 900, 2_000),
        (big_tiff_of_tags, 900, 2_000),
        (tiff_of_strips, 10_000, 30_000),
        (tiff_of_scans, 20, 2_000),
    ],
)
def test_what_would_take_long_is_refused(make: Any, allowed: int, refused: int) -> None:
    refuse_costly(make(allowed))
    with pytest.raises(UnreadableExample, match="more"):
        refuse_costly(make(refused))
    with pytest.raises(UnreadableExample, match="more"):
        open_image(make(refused))


def test_scans_are_weighed_by_the_pixels_they_go_over() -> None:
    refuse_costly(jpeg_of_scans(12, (5000, 5000)))
    with pytest.raises(UnreadableExample, match="scans"):
        refuse_costly(jpeg_of_scans(60, (5000, 5000)))


def test_what_lies_behind_the_end_of_a_jpeg_does_not_count() -> None:
    # As the film of a motion photo, whose bytes are any.
    film = np.random.default_rng(0).bytes(1 << 20) + b"\xff\xda" * 10_000
    assert open_image(encoded("JPEG") + film).size == (300, 200)


def test_an_end_before_the_first_scan_hides_nothing() -> None:
    data = jpeg_of_segments(3_000)
    with pytest.raises(UnreadableExample, match="segments"):
        refuse_costly(data[:2] + b"\xff\xd9" + data[2:])


def test_a_long_run_length_coded_bmp_is_refused() -> None:
    header = b"BM" + bytes(28) + b"\1" + bytes(100)
    refuse_costly(header)
    with pytest.raises(UnreadableExample, match="run-length"):
        refuse_costly(header + bytes(1_100_000))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_ordinary_files_pass(form: str) -> None:
    for size in ((1, 1), (64, 64), (3000, 2000)):
        refuse_costly(encoded(form, size))


@pytest.mark.parametrize("cut", range(0, 60, 7))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_a_cut_file_is_for_the_decoder_to_name(form: str, cut: int) -> None:
    refuse_costly(encoded(form)[:cut])


def test_the_notes_of_a_camera_are_left_unread_where_they_are_too_many() -> None:
    assert has_costly_tags(b"Exif\0\0" + tiff_of_tags(2_000))
    assert not has_costly_tags(b"Exif\0\0" + tiff_of_tags(50))
    assert not has_costly_tags(b"")
    exif = b"Exif\0\0" + tiff([(274, 3, 1, 6), *((40_000 + t, 3, 1, 0) for t in range(2_000))])
    assert open_image(encoded("JPEG", exif=exif)).size == (300, 200)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparency_over_white_is_the_same_band_by_band(mode: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (700, 30, 4), dtype=np.uint8)
    image = Image.fromarray(pixels).convert(mode)
    layer = image.convert("RGBA")
    whole = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    np.testing.assert_array_equal(np.asarray(as_rgb(image)), np.asarray(whole))

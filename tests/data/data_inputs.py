"""Images and tables that the tests of this room build."""

import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from chiasm.data.media.facts import ImageFacts
from chiasm.data.table import Table


def noise(seed: int = 0, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """An image whose perceptual hash is far from that of another seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def make_table(
    texts: Sequence[str | None],
    labels: Sequence[str | None],
    *,
    ids: Sequence[str] | None = None,
    phashes: Sequence[int | None] | None = None,
    group: Sequence[str | None] | None = None,
    split: Sequence[str | None] | None = None,
    usable: Sequence[bool] | None = None,
) -> Table:
    """A Table without files: images are only hashes."""
    size = len(texts)
    facts = [
        None if h is None else ImageFacts(32, 32, f"digest {h}", h)
        for h in (phashes or [None] * size)
    ]
    values = {"text": tuple(texts)}
    if phashes is not None:
        values["image"] = tuple(None if fact is None else b"picture" for fact in facts)
    return Table(
        source="test",
        encoding=None,
        ids=tuple(ids or [str(i) for i in range(size)]),
        values=values,
        labels=tuple(labels),
        split=tuple(split or [None] * size),
        group=tuple(group or [None] * size),
        usable=tuple(usable or [True] * size),
        facts={"image": tuple(facts)} if phashes is not None else {},
        text_digests={"text": tuple(texts)},
    )


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")

"""inspect_picture: what one decoding of a picture tells."""

import hashlib
from pathlib import Path

import imagehash
import numpy as np

from chiasm.data.pictures import decode_picture, read_picture
from chiasm.data.table import PictureFacts

# pHash shrinks every picture to 32 x 32, so a JPEG can be decoded at a fraction of its size.
_PHASH_SIDE = 128


def inspect_picture(source: Path | bytes) -> PictureFacts:
    """Decode a picture once and note its stored size, content digest and perceptual hash.

    Raises:
        UnreadableExample: as ``open_picture``.
    """
    data = read_picture(source)
    decoded = decode_picture(data, at_least=_PHASH_SIDE)
    width, height = decoded.size
    bits = np.packbits(imagehash.phash(decoded.image).hash.flatten())
    return PictureFacts(
        width=width,
        height=height,
        digest=hashlib.sha256(data).hexdigest(),
        phash=int.from_bytes(bits.tobytes(), "big"),
        is_whole=decoded.is_whole,
    )

"""What one decoding of an image tells, and what is known of those decoded before."""

import hashlib
import logging
import struct
import threading
from importlib.metadata import version
from pathlib import Path

import imagehash
import numpy as np

from chiasm.cache.store import Shelf
from chiasm.data.media.facts import PictureFacts
from chiasm.data.media.images import MAX_PIXELS, decode_picture, read_picture
from chiasm.errors import ChiasmError

# pHash shrinks every picture to 32 x 32, so a JPEG can be decoded at a fraction of its size.
_PHASH_SIDE = 128
# Another decoder may hash a picture otherwise, or find it broken.
_FINGERPRINT = f"picture facts, {MAX_PIXELS} pixels, " + ", ".join(
    f"{library} {version(library)}" for library in ("pillow", "imagehash")
)
_FACTS = struct.Struct("<IIQ")
_logger = logging.getLogger(__name__)


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


class PictureMemory:
    """The facts of readable pictures by the content of their files, kept in the cache.

    To check pictures by decoding them takes longer than all else that comes before a training on
    cached features. Where the cache cannot be used, each is decoded and a warning says so.
    """

    def __init__(self, folder: Path) -> None:
        self._shelf = Shelf(folder, name="checking pictures", fingerprint=_FINGERPRINT)
        self._decoded: dict[bytes, bytes] = {}
        self._is_usable = True
        self._lock = threading.Lock()

    def inspect(self, source: Path | bytes) -> PictureFacts:
        """The facts of a picture, which is decoded if its content is new.

        Raises:
            UnreadableExample: as ``open_picture``.
        """
        data = read_picture(source)
        key = hashlib.sha256(data).digest()
        if (facts := self._recall(key)) is None:
            facts = inspect_picture(data)
            # What is missing is told each time.
            if facts.is_whole:
                self._decoded[key] = _FACTS.pack(facts.width, facts.height, facts.phash)
        return facts

    def keep(self) -> None:
        """Write what was not known before.

        Facts whose bytes have changed on the disk are counted, and are among it.
        """
        if self._shelf.damaged:
            _logger.warning(
                "%s of the facts of pictures in the cache were damaged on the disk and are found "
                "out anew",
                f"{self._shelf.damaged:,}",
            )
        if not (self._decoded and self._is_usable):
            return
        try:
            self._shelf.update(self._decoded)
        except ChiasmError as error:
            self._do_without(error)

    def _recall(self, key: bytes) -> PictureFacts | None:
        try:
            if not (self._is_usable and key in self._shelf):
                return None
            with self._shelf.entry(key) as entry:
                width, height, phash = _FACTS.unpack(entry)
        except ChiasmError as error:
            self._do_without(error)
            return None
        return PictureFacts(width=width, height=height, digest=key.hex(), phash=phash)

    def _do_without(self, error: ChiasmError) -> None:
        # Of several threads that come upon it, one says so.
        with self._lock:
            if self._is_usable:
                _logger.warning("pictures are decoded each time they are checked: %s", error)
            self._is_usable = False

"""What one decoding of an image tells, and what is known of those decoded before."""

import hashlib
import logging
import struct
import threading
from importlib.metadata import version
from pathlib import Path

import imagehash
import numpy as np

from chiasm.cache.store import Store
from chiasm.data.media.facts import ImageFacts
from chiasm.data.media.images import MAX_PIXELS, decode_image, read_image
from chiasm.errors import ChiasmError

# pHash shrinks every image to 32 x 32, so a JPEG can be decoded at a fraction of its size.
_PHASH_SIDE = 128
# Another decoder may hash an image otherwise, or find it broken.
_FINGERPRINT = f"image facts, {MAX_PIXELS} pixels, " + ", ".join(
    f"{library} {version(library)}" for library in ("pillow", "imagehash")
)
_FACTS = struct.Struct("<IIQ")
_logger = logging.getLogger(__name__)


def inspect_image(source: Path | bytes) -> ImageFacts:
    """Decode an image once and note its stored size, content digest and perceptual hash.

    Raises:
        UnreadableExample: as ``open_image``.
    """
    data = read_image(source)
    decoded = decode_image(data, at_least=_PHASH_SIDE)
    width, height = decoded.size
    bits = np.packbits(imagehash.phash(decoded.image).hash.flatten())
    return ImageFacts(
        width=width,
        height=height,
        digest=hashlib.sha256(data).hexdigest(),
        phash=int.from_bytes(bits.tobytes(), "big"),
        is_whole=decoded.is_whole,
    )


class ImageFactsCache:
    """The facts of readable images by the content of their files, kept in the cache.

    To check images by decoding them takes longer than all else that comes before a training on
    cached features. Where the cache cannot be used, each is decoded and a warning says so.
    """

    def __init__(self, folder: Path) -> None:
        self._store = Store(folder, name="checking images", fingerprint=_FINGERPRINT)
        self._decoded: dict[bytes, bytes] = {}
        self._is_usable = True
        self._lock = threading.Lock()

    def inspect(self, source: Path | bytes) -> ImageFacts:
        """The facts of an image, which is decoded if its content is new.

        Raises:
            UnreadableExample: as ``open_image``.
        """
        data = read_image(source)
        key = hashlib.sha256(data).digest()
        if (facts := self._recall(key)) is None:
            facts = inspect_image(data)
            # What is missing is told each time.
            if facts.is_whole:
                self._decoded[key] = _FACTS.pack(facts.width, facts.height, facts.phash)
        return facts

    def keep(self) -> None:
        """Write what was not known before.

        Facts whose bytes have changed on the disk are counted, and are among it.
        """
        if self._store.damaged:
            _logger.warning(
                "%s of the facts of images in the cache were damaged on the disk and are found "
                "out anew",
                f"{self._store.damaged:,}",
            )
        if not (self._decoded and self._is_usable):
            return
        try:
            self._store.update(self._decoded)
        except ChiasmError as error:
            self._do_without(error)

    def _recall(self, key: bytes) -> ImageFacts | None:
        try:
            if not (self._is_usable and key in self._store):
                return None
            with self._store.entry(key) as entry:
                width, height, phash = _FACTS.unpack(entry)
        except ChiasmError as error:
            self._do_without(error)
            return None
        return ImageFacts(width=width, height=height, digest=key.hex(), phash=phash)

    def _do_without(self, error: ChiasmError) -> None:
        # Of several threads that come upon it, one says so.
        with self._lock:
            if self._is_usable:
                _logger.warning("images are decoded each time they are checked: %s", error)
            self._is_usable = False

"""PictureMemory: what is known of pictures that were decoded before."""

import hashlib
import logging
import struct
import threading
from importlib.metadata import version
from pathlib import Path

from chiasm.data.inspect_picture import inspect_picture
from chiasm.data.pictures import MAX_PIXELS, read_picture
from chiasm.data.table import PictureFacts
from chiasm.errors import ChiasmError
from chiasm.shelf import Shelf

# Another decoder may hash a picture otherwise, or find it broken.
_FINGERPRINT = f"picture facts, {MAX_PIXELS} pixels, " + ", ".join(
    f"{library} {version(library)}" for library in ("pillow", "imagehash")
)
_FACTS = struct.Struct("<IIQ")
_logger = logging.getLogger(__name__)


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

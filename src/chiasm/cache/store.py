"""Store: what the cache holds of one kind, each entry with a checksum."""

import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import platformdirs

from chiasm.cache.environment import note_read, reading, writing
from chiasm.errors import ChiasmError

# The name changes with the form of the entries, so that no release reads what it cannot.
STORE = "v3"
# A shelf's own key is a digest of this length, and its entries' keys begin with it.
STORE_KEY = 16
# Of the key and all that follows, ahead of it: LMDB has none.
_CHECKSUM = struct.Struct("<I")


def cache_folder() -> Path:
    """``$CHIASM_CACHE``, else the user's cache folder."""
    chosen = os.environ.get("CHIASM_CACHE")
    folder = Path(chosen or Path(platformdirs.user_cache_dir("chiasm")) / "features")
    return folder.expanduser().resolve()


class Store:
    """Entries by the digest of the value that they tell of and the fingerprint of what made them.

    A changed value has another key, and what is made in another way is on another shelf, so nothing
    stale is ever served.

    Attributes:
        damaged: how many entries were asked for that are not as they were written.

    Raises:
        ChiasmError: from any use, if the cache cannot be opened or written, or is damaged.
    """

    def __init__(self, folder: Path, *, name: str, fingerprint: str) -> None:
        self._folder = folder / STORE
        self._key = sha256(fingerprint.encode()).digest()[:STORE_KEY]
        self._facts = json.dumps({"name": name, "fingerprint": fingerprint}).encode()
        self.damaged = 0

    def __contains__(self, key: bytes) -> bool:
        with reading(self._folder) as transaction:
            stored = transaction.get(self._key + key)
            if stored is None:
                return False
            whole = stored[: _CHECKSUM.size] == _checksum(key, stored[_CHECKSUM.size :])
            self.damaged += not whole
            note_read(self._folder, len(stored))
            return bool(whole)

    @contextmanager
    def entry(self, key: bytes) -> Iterator[memoryview]:
        """The bytes of an entry, which are the file's own pages: there only within the block."""
        with reading(self._folder) as transaction:
            stored: Any = transaction.get(self._key + key)
            if stored is None:
                raise ChiasmError(
                    f"Entries are no longer in the cache {self._folder.parent}: it was cleared "
                    "while they were in use. Run the command again."
                )
            # All of its pages are touched, whatever is read of them.
            note_read(self._folder, len(stored))
            yield stored[_CHECKSUM.size :]

    def update(self, entries: Mapping[bytes, bytes]) -> None:
        """Put these entries, all of them or, if the process is killed, none."""
        with writing(self._folder) as transaction:
            transaction.put(self._key, self._facts)
            for key, entry in entries.items():
                transaction.put(self._key + key, _checksum(key, entry) + entry)


def _checksum(key: bytes, entry: bytes | memoryview) -> bytes:
    return _CHECKSUM.pack(zlib.crc32(entry, zlib.crc32(key)))

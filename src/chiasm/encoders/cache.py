"""FeatureCache: tokens on disk, shared by all runs of all processes."""

import json
import logging
import os
import shutil
import struct
import uuid
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import torch
from torch import Tensor

from chiasm.data.table import Value
from chiasm.encoders.base import Encoder
from chiasm.encoders.database import close, note_read, reading, writing
from chiasm.encoders.encode import Compute, encode
from chiasm.encoders.features import Features
from chiasm.errors import ChiasmError

# The name changes with the form of the entries, so that no release reads what it cannot.
_STORE = "v3"
# An encoder's own key is a digest of this length, and its entries' keys begin with it.
_ENCODER_KEY = 16
# Tokens, their width and the kind of number ("f2", "u1", "i4"), ahead of the values.
_HEADER = struct.Struct("<IH2s")
# Of the key and all that follows, ahead of it: LMDB has none.
_CHECKSUM = struct.Struct("<I")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CachedEncoder:
    """What the cache holds of one encoder: entries, and bytes of their values."""

    name: str
    entries: int
    bytes: int


@dataclass(frozen=True)
class CacheInfo:
    """What the cache holds; ``bytes`` is the size of its file on disk."""

    folder: Path
    entries: int
    bytes: int
    encoders: tuple[CachedEncoder, ...]


class FeatureCache:
    """Tokens by the digest of the value and the fingerprint of the encoder they were made with.

    A changed value, file, preprocessing or weight has another key, so nothing stale is ever served.
    Every batch is committed: a process that is killed loses at most the batch it was computing.

    The folder is the one given, else ``$CHIASM_CACHE``, else the user's cache folder. What is not
    in it is encoded by ``compute``, by default in this process.
    """

    def __init__(self, folder: Path | None = None, *, compute: Compute | None = None) -> None:
        if folder is None:
            chosen = os.environ.get("CHIASM_CACHE")
            folder = Path(chosen or Path(platformdirs.user_cache_dir("chiasm")) / "features")
        self.folder = folder.expanduser().resolve()
        self._compute = compute

    def features(self, encoder: Encoder, values: Sequence[Value | None]) -> Features:
        """The trunk's tokens of every value, of which only those not yet here are encoded.

        Entries whose bytes have changed on the disk are counted and encoded again.

        Raises:
            ChiasmError: the cache cannot be opened or is damaged, or the disk is full.
        """
        shelf = _Shelf(self.folder / _STORE, encoder)
        features = encode(encoder, values, store=shelf, compute=self._compute)
        if shelf.damaged:
            _logger.warning(
                "%s: %s of the features in the cache were damaged on the disk and are encoded anew",
                encoder.name,
                f"{shelf.damaged:,}",
            )
        return features

    def info(self) -> CacheInfo:
        """What the cache holds, by encoder."""
        store = self.folder / _STORE
        if not store.is_dir():
            return CacheInfo(self.folder, entries=0, bytes=0, encoders=())
        names: dict[bytes, str] = {}
        sizes: dict[bytes, list[int]] = {}
        with reading(store) as transaction:
            for key, value in transaction.cursor():
                encoder = bytes(key[:_ENCODER_KEY])
                if len(key) == _ENCODER_KEY:
                    names[encoder] = json.loads(bytes(value))["name"]
                    sizes[encoder] = []
                else:
                    sizes[encoder].append(len(value))
        return CacheInfo(
            self.folder,
            entries=sum(len(size) for size in sizes.values()),
            bytes=(store / "data.mdb").stat().st_size,
            encoders=tuple(
                CachedEncoder(name, entries=len(sizes[key]), bytes=sum(sizes[key]))
                for key, name in names.items()
            ),
        )

    def clear(self) -> None:
        """Remove everything, and give the disk back."""
        store = self.folder / _STORE
        if not store.is_dir():
            return
        close(store)
        # Renamed first: a process that has it open goes on with the old file, and one that opens
        # it now finds either all of it or nothing.
        doomed = store.with_name(f"{_STORE}-cleared-{uuid.uuid4().hex}")
        store.rename(doomed)
        shutil.rmtree(doomed)


class _Shelf:
    """The entries of one encoder: a FeatureStore on disk.

    Attributes:
        damaged: how many entries were asked for that are not as they were written.
    """

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self._folder = folder
        self._encoder = sha256(encoder.fingerprint.encode()).digest()[:_ENCODER_KEY]
        self._facts = json.dumps({"name": encoder.name, "fingerprint": encoder.fingerprint})
        self.damaged = 0

    def __contains__(self, key: bytes) -> bool:
        with reading(self._folder) as transaction:
            entry = transaction.get(self._encoder + key)
            if entry is None:
                return False
            written = entry[: _CHECKSUM.size]
            whole = written == _checksum(key, entry[_CHECKSUM.size :])
            self.damaged += not whole
            note_read(self._folder, len(entry))
            return bool(whole)

    def __getitem__(self, key: bytes) -> Tensor:
        with reading(self._folder) as transaction:
            entry = self._entry(transaction, key)
            note_read(self._folder, len(entry))
            length, width, kind = _HEADER.unpack_from(entry, _CHECKSUM.size)
            stored = np.dtype(f"<{kind.decode()}")
            values = np.frombuffer(entry, dtype=stored, offset=_CHECKSUM.size + _HEADER.size)
            # Copied, since the page is only there during the transaction.
            values = values.reshape(length, width).astype(stored.newbyteorder("="))
            return torch.from_numpy(values)

    def length(self, key: bytes) -> int:
        with reading(self._folder) as transaction:
            entry = self._entry(transaction, key)
            # All of its pages are touched, whatever is read of them.
            note_read(self._folder, len(entry))
            tokens: int = _HEADER.unpack_from(entry, _CHECKSUM.size)[0]
            return tokens

    def update(self, entries: Mapping[bytes, Tensor]) -> None:
        with writing(self._folder) as transaction:
            transaction.put(self._encoder, self._facts.encode())
            for key, tokens in entries.items():
                values = tokens.numpy()
                values = values.astype(values.dtype.newbyteorder("<"))
                header = _HEADER.pack(*values.shape, values.dtype.str[1:].encode())
                entry = header + values.tobytes()
                transaction.put(self._encoder + key, _checksum(key, entry) + entry)

    def _entry(self, transaction: Any, key: bytes) -> Any:
        entry = transaction.get(self._encoder + key)
        if entry is None:
            raise ChiasmError(
                f"Features are no longer in the cache {self._folder.parent}: it was cleared "
                "while they were in use. Run the command again."
            )
        return entry


def _checksum(key: bytes, entry: bytes | memoryview) -> bytes:
    return _CHECKSUM.pack(zlib.crc32(entry, zlib.crc32(key)))

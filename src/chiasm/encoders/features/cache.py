"""FeatureCache: tokens on disk, shared by all runs of all processes."""

import json
import logging
import shutil
import struct
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from chiasm.cache.environment import close, reading
from chiasm.cache.store import STORE, STORE_KEY, Store, cache_folder
from chiasm.data.media.facts import Value
from chiasm.encoders.base import Encoder
from chiasm.encoders.features.encoding import Compute, encode
from chiasm.encoders.features.store import Features

# Tokens, their width and the kind of number ("f2", "u1", "i4"), ahead of the values.
_HEADER = struct.Struct("<IH2s")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoreInfo:
    """What one shelf holds: entries, and bytes of their values."""

    name: str
    entries: int
    bytes: int


@dataclass(frozen=True)
class CacheInfo:
    """What the cache holds; ``bytes`` is the size of its file on disk."""

    folder: Path
    entries: int
    bytes: int
    stores: tuple[StoreInfo, ...]


class FeatureCache:
    """Tokens by the digest of the value and the fingerprint of the encoder they were made with.

    A changed value, file, preprocessing or weight has another key, so nothing stale is ever served.
    Every batch is committed: a process that is killed loses at most the batch it was computing.

    The folder is the one given, else ``$CHIASM_CACHE``, else the user's cache folder. What is not
    in it is encoded by ``compute``, by default in this process.
    """

    def __init__(self, folder: Path | None = None, *, compute: Compute | None = None) -> None:
        self.folder = cache_folder() if folder is None else folder.expanduser().resolve()
        self._compute = compute

    def features(self, encoder: Encoder, values: Sequence[Value | None]) -> Features:
        """The frozen layers' tokens of every value, of which only those not yet here are encoded.

        Entries whose bytes have changed on the disk are counted and encoded again.

        Raises:
            ChiasmError: the cache cannot be opened or is damaged, or the disk is full.
        """
        store = _CachedFeatures(self.folder, encoder)
        features = encode(encoder, values, store=store, compute=self._compute)
        if store.cached.damaged:
            _logger.warning(
                "%s: %s of the features in the cache were damaged on the disk and are encoded anew",
                encoder.name,
                f"{store.cached.damaged:,}",
            )
        return features

    def info(self) -> CacheInfo:
        """What the cache holds, by what made it."""
        store = self.folder / STORE
        if not store.is_dir():
            return CacheInfo(self.folder, entries=0, bytes=0, stores=())
        names: dict[bytes, str] = {}
        sizes: dict[bytes, list[int]] = {}
        with reading(store) as transaction:
            for key, value in transaction.cursor():
                cached = bytes(key[:STORE_KEY])
                if len(key) == STORE_KEY:
                    names[cached] = json.loads(bytes(value))["name"]
                    sizes[cached] = []
                else:
                    sizes[cached].append(len(value))
        return CacheInfo(
            self.folder,
            entries=sum(len(size) for size in sizes.values()),
            bytes=(store / "data.mdb").stat().st_size,
            stores=tuple(
                StoreInfo(name, entries=len(sizes[key]), bytes=sum(sizes[key]))
                for key, name in names.items()
            ),
        )

    def clear(self) -> None:
        """Remove everything, and give the disk back."""
        store = self.folder / STORE
        if not store.is_dir():
            return
        close(store)
        # Renamed first: a process that has it open goes on with the old file, and one that opens
        # it now finds either all of it or nothing.
        doomed = store.with_name(f"{STORE}-cleared-{uuid.uuid4().hex}")
        store.rename(doomed)
        shutil.rmtree(doomed)


class _CachedFeatures:
    """The tokens of one encoder: a FeatureStore on disk."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self.cached = Store(folder, name=encoder.name, fingerprint=encoder.fingerprint)

    def __contains__(self, key: bytes) -> bool:
        return key in self.cached

    def __getitem__(self, key: bytes) -> Tensor:
        with self.cached.entry(key) as entry:
            length, width, kind = _HEADER.unpack_from(entry)
            stored = np.dtype(f"<{kind.decode()}")
            values = np.frombuffer(entry, dtype=stored, offset=_HEADER.size)
            # Copied, since the page is only there within the block.
            values = values.reshape(length, width).astype(stored.newbyteorder("="))
            return torch.from_numpy(values)

    def length(self, key: bytes) -> int:
        with self.cached.entry(key) as entry:
            tokens: int = _HEADER.unpack_from(entry)[0]
            return tokens

    def update(self, entries: Mapping[bytes, Tensor]) -> None:
        self.cached.update({key: _entry(tokens) for key, tokens in entries.items()})


def _entry(tokens: Tensor) -> bytes:
    values = tokens.numpy()
    values = values.astype(values.dtype.newbyteorder("<"))
    return _HEADER.pack(*values.shape, values.dtype.str[1:].encode()) + values.tobytes()

"""FeatureCache: tokens on disk, shared by all runs of all processes."""

import json
import os
import shutil
import struct
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import platformdirs
import torch
from torch import Tensor

from chiasm.data.table import Value
from chiasm.encoders.base import Encoder
from chiasm.encoders.encode import encode
from chiasm.encoders.features import Features
from chiasm.errors import ChiasmError

# The name changes with the form of the entries, so that no release reads what it cannot.
_STORE = "v2"
# Address space, not disk: the file grows with what is in it.
_MAP_SIZE = 256 << 30
_MAX_READERS = 512
# An encoder's own key is a digest of this length, and its entries' keys begin with it.
_ENCODER_KEY = 16
# Tokens, their width and the kind of number ("f2", "u1", "i4"), ahead of the values.
_HEADER = struct.Struct("<IH2s")


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

    The folder is the one given, else ``$CHIASM_CACHE``, else the user's cache folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is None:
            chosen = os.environ.get("CHIASM_CACHE")
            folder = Path(chosen or Path(platformdirs.user_cache_dir("chiasm")) / "features")
        self.folder = folder.expanduser().resolve()

    def features(self, encoder: Encoder, values: Sequence[Value | None]) -> Features:
        """The trunk's tokens of every value, of which only those not yet here are encoded.

        Raises:
            ChiasmError: the cache cannot be opened, or the disk is full.
        """
        return encode(encoder, values, store=_Shelf(self.folder / _STORE, encoder))

    def info(self) -> CacheInfo:
        """What the cache holds, by encoder."""
        store = self.folder / _STORE
        if not store.is_dir():
            return CacheInfo(self.folder, entries=0, bytes=0, encoders=())
        names: dict[bytes, str] = {}
        sizes: dict[bytes, list[int]] = {}
        with _environment(store).begin(buffers=True) as transaction:
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
        _close(store)
        # Renamed first: a process that has it open goes on with the old file, and one that opens
        # it now finds either all of it or nothing.
        doomed = store.with_name(f"{_STORE}-cleared-{uuid.uuid4().hex}")
        store.rename(doomed)
        shutil.rmtree(doomed)


class _Shelf:
    """The entries of one encoder: a FeatureStore on disk."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self._folder = folder
        self._encoder = sha256(encoder.fingerprint.encode()).digest()[:_ENCODER_KEY]
        self._facts = json.dumps({"name": encoder.name, "fingerprint": encoder.fingerprint})

    def __contains__(self, key: bytes) -> bool:
        with _environment(self._folder).begin() as transaction:
            return transaction.cursor().set_key(self._encoder + key)

    def __getitem__(self, key: bytes) -> Tensor:
        with _environment(self._folder).begin(buffers=True) as transaction:
            entry = self._entry(transaction, key)
            length, width, kind = _HEADER.unpack_from(entry)
            stored = np.dtype(f"<{kind.decode()}")
            values = np.frombuffer(entry, dtype=stored, offset=_HEADER.size)
            # Copied, since the page is only there during the transaction.
            values = values.reshape(length, width).astype(stored.newbyteorder("="))
            return torch.from_numpy(values)

    def length(self, key: bytes) -> int:
        with _environment(self._folder).begin(buffers=True) as transaction:
            tokens: int = _HEADER.unpack_from(self._entry(transaction, key))[0]
            return tokens

    def update(self, entries: Mapping[bytes, Tensor]) -> None:
        try:
            with _environment(self._folder).begin(write=True) as transaction:
                transaction.put(self._encoder, self._facts.encode())
                for key, tokens in entries.items():
                    values = tokens.numpy()
                    values = values.astype(values.dtype.newbyteorder("<"))
                    header = _HEADER.pack(*values.shape, values.dtype.str[1:].encode())
                    transaction.put(self._encoder + key, header + values.tobytes())
        except lmdb.Error as error:
            raise ChiasmError(
                f"The feature cache {self._folder.parent} cannot be written: {error}. Free some "
                "disk space (chiasm cache clear empties the cache), or set CHIASM_CACHE to a "
                "folder on another disk."
            ) from error

    def _entry(self, transaction: lmdb.Transaction, key: bytes) -> Any:
        entry = transaction.get(self._encoder + key)
        if entry is None:
            raise ChiasmError(
                f"Features are no longer in the cache {self._folder.parent}: it was cleared "
                "while they were in use. Run the command again."
            )
        return entry


# LMDB forbids to open one file twice in a process, even after a fork.
_environments: dict[Path, lmdb.Environment] = {}
_lock = threading.Lock()


def _environment(folder: Path) -> lmdb.Environment:
    with _lock:
        if folder not in _environments:
            _environments[folder] = _open(folder)
        return _environments[folder]


def _open(folder: Path) -> lmdb.Environment:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        environment = lmdb.open(
            str(folder),
            map_size=_MAP_SIZE,
            max_readers=_MAX_READERS,
            # A crash of the machine may lose the last batch, never the file.
            metasync=False,
            readahead=False,
        )
    except (lmdb.Error, OSError) as error:
        raise ChiasmError(
            f"The feature cache {folder.parent} cannot be opened: {error}. Set CHIASM_CACHE to a "
            "folder on a local disk that you may write to; a damaged cache may be deleted."
        ) from error
    environment.reader_check()  # frees the places of readers that were killed
    return environment


def _close(folder: Path) -> None:
    with _lock:
        if folder in _environments:
            _environments.pop(folder).close()


def _forget_environments() -> None:
    global _lock
    _lock = threading.Lock()
    for environment in _environments.values():
        environment.close()
    _environments.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_environments)

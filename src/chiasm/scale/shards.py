"""ShardFolder: a result in parts, of which those that are done are kept."""

import json
import time
from collections.abc import Mapping
from typing import Any

import fsspec

from chiasm.errors import ChiasmError

# The underscore keeps it out of what reads all files of a folder as one table.
_MANIFEST = "_manifest.json"
_FORMAT = 1
# Of a manifest, in which a part takes about 80 bytes.
_MOST = 256 << 20
# The manifest is written as a whole, and grows with the parts.
_SECONDS = 1.0


class ShardFolder:
    """Parquet files in a folder of any file system that fsspec knows, and their manifest.

    A part is done once the manifest names it. The manifest is replaced at once, at most every
    second and at the end: a process that is killed loses the parts of its last second. The order of
    the parts is that of their names.

    Args:
        url: a path, or such as s3://bucket/folder.
        made_of: what the parts depend on, as JSON has it.
        parts: how many there are to be.

    Raises:
        ChiasmError: the folder cannot be written, holds other files, or parts that were made of
            something else.
    """

    def __init__(self, url: str, *, made_of: Mapping[str, Any], parts: int) -> None:
        self._url = url
        self._made_of = dict(made_of)
        self._names = [f"part-{number:05d}.parquet" for number in range(parts)]
        try:
            self._files, folder = fsspec.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise ChiasmError(f"Nothing can be written to {url}: {error}.") from error
        self._folder = folder.rstrip("/")
        self._done = self._begin()
        self._written = 0.0

    @property
    def missing(self) -> list[int]:
        """The numbers of the parts that are not done."""
        return [number for number, name in enumerate(self._names) if name not in self._done]

    def add(self, number: int, parquet: bytes, *, rows: int) -> None:
        """Write a part."""
        name = self._names[number]
        self._write(name, parquet)
        self._done[name] = {"file": name, "rows": rows, "bytes": len(parquet)}
        if time.monotonic() - self._written > _SECONDS:
            self.write_manifest()

    def write_manifest(self) -> None:
        """Name the parts that are done."""
        manifest = {
            "format": _FORMAT,
            "made_of": self._made_of,
            "complete": not self.missing,
            "parts": [self._done[name] for name in sorted(self._done)],
        }
        unfinished = f"{_MANIFEST}.part"
        self._write(unfinished, (json.dumps(manifest, indent=1) + "\n").encode())
        self._files.mv(f"{self._folder}/{unfinished}", f"{self._folder}/{_MANIFEST}")
        self._written = time.monotonic()

    def _begin(self) -> dict[str, dict[str, Any]]:
        """Make the folder, or find what is done in it."""
        try:
            self._files.makedirs(self._folder, exist_ok=True)
            listed = self._files.ls(self._folder, detail=True)
            entries = {entry["name"].rpartition("/")[2]: entry for entry in listed}
            self._refuse_others(entries)
            return self._find_done(entries) if _MANIFEST in entries else {}
        except OSError as error:
            raise ChiasmError(f"{self._url} cannot be used as a folder: {error}.") from error

    def _refuse_others(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        own = (f"{_MANIFEST}.part", *self._names)
        if _MANIFEST not in entries and any(name not in own for name in entries):
            raise ChiasmError(
                f"{self._url} is not empty and holds no {_MANIFEST}. Give `out` a new or empty "
                "folder, so that nothing of yours is overwritten."
            )
        for name, entry in entries.items():
            if entry["type"] == "other" or (name == _MANIFEST and entry["size"] > _MOST):
                raise ChiasmError(
                    f"{self._url}/{name} is no regular file, or larger than any that is written "
                    "there. Delete it, or choose another `out`."
                )

    def _find_done(self, entries: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        try:
            written = json.loads(self._files.cat_file(f"{self._folder}/{_MANIFEST}"))
            if written["format"] == _FORMAT and written["made_of"] == self._made_of:
                return {
                    part["file"]: part
                    for part in written["parts"]
                    if part["file"] in entries and entries[part["file"]]["size"] == part["bytes"]
                }
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise ChiasmError(
                f"The {_MANIFEST} of {self._url} is not as it was written. Delete the folder, or "
                "choose another `out`."
            ) from error
        raise ChiasmError(
            f"{self._url} holds predictions by another model, or of other data. Delete it, or "
            "choose another `out`."
        )

    def _write(self, name: str, content: bytes) -> None:
        try:
            self._files.pipe_file(f"{self._folder}/{name}", content)
        except OSError as error:
            raise ChiasmError(
                f"{self._url} cannot be written: {error}. What is in it is kept: the same command "
                "goes on from there."
            ) from error

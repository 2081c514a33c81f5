"""Locate: from what a cell says of a picture or sound to its file or bytes, within its folders."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from chiasm.data.encodings import is_undecodable
from chiasm.data.pictures import as_rgb
from chiasm.data.raw import is_nothing
from chiasm.data.sounds import import_audio
from chiasm.data.table import Vectors
from chiasm.errors import UnreadableExample

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
# How a WAV file holds samples of each kind without changing them.
_WAV = {"float32": "FLOAT", "float64": "DOUBLE", "int16": "PCM_16", "int32": "PCM_32"}


def locate_picture(
    cell: Any, *, folders: Sequence[Path], allow_outside: bool
) -> Path | bytes | None:
    """Find the picture that a cell stands for: a path, bytes, a PIL image, or ``datasets``' dict.

    None where the cell is empty. Relative paths start at one of the ``folders``; without any, paths
    are the caller's own. Nothing is fetched.

    Raises:
        UnreadableExample: a URL, a path out of the folders, or another kind of value.
    """
    if isinstance(cell, Image.Image):
        return _png(cell)
    return _locate(cell, "picture", folders=folders, allow_outside=allow_outside)


def locate_sound(cell: Any, *, folders: Sequence[Path], allow_outside: bool) -> Path | bytes | None:
    """Find the sound that a cell stands for: a path, bytes, or ``datasets``' dict.

    That dict may hold a decoded sound too: ``array`` of ``[samples]`` or ``[samples, channels]``
    and ``sampling_rate``. All else is as with ``locate_picture``.

    Raises:
        UnreadableExample: a URL, a path out of the folders, or another kind of value.
    """
    if isinstance(cell, dict) and cell.get("array") is not None:
        return _wav(np.asarray(cell["array"]), cell.get("sampling_rate"))
    return _locate(cell, "sound", folders=folders, allow_outside=allow_outside)


def locate_file(path: str, *, folders: Sequence[Path], allow_outside: bool) -> Path:
    """Resolve a path as written in the data, where several folders are meant in the first with it.

    A file need not exist.

    Raises:
        UnreadableExample: a URL, a path out of the folders, or no path at all.
    """
    if _URL.match(path):
        raise UnreadableExample("URL (download it first)")
    if is_undecodable(path):
        raise UnreadableExample("undecodable path")
    try:
        return _resolve(path, folders, allow_outside=allow_outside)
    except (OSError, ValueError, RuntimeError) as error:
        raise UnreadableExample("file not found") from error


def _resolve(path: str, folders: Sequence[Path], *, allow_outside: bool) -> Path:
    if not folders:
        return Path(path).resolve()
    # Resolved, so that a link cannot lead out of a folder either.
    found = [((folder / path).resolve(), folder.resolve()) for folder in folders]
    inside = [file for file, folder in found if allow_outside or file.is_relative_to(folder)]
    if not inside:
        raise UnreadableExample("path leaves the data folder")
    return next((file for file in inside[:-1] if file.is_file()), inside[-1])


def _locate(
    cell: Any, kind: str, *, folders: Sequence[Path], allow_outside: bool
) -> Path | bytes | None:
    if isinstance(cell, dict):
        cell = cell.get("bytes") or cell.get("path")
    if isinstance(cell, bytes | bytearray | memoryview):
        return bytes(cell) or None
    if is_nothing(cell) or not str(cell).strip():
        return None
    if not isinstance(cell, str | Path):
        raise UnreadableExample(f"neither a path nor a {kind}")
    return locate_file(str(cell).strip(), folders=folders, allow_outside=allow_outside)


def _wav(samples: Vectors, rate: Any) -> bytes:
    kind = _WAV.get(samples.dtype.name)
    if kind is None:
        raise UnreadableExample(f"samples of {samples.dtype} ({', '.join(_WAV)} are read)")
    if samples.ndim not in (1, 2) or samples.shape[-1] > len(samples):
        raise UnreadableExample(f"samples {samples.shape}, not [samples] or [samples, channels]")
    if not isinstance(rate, int | np.integer):
        raise UnreadableExample("samples without a whole sampling_rate")
    soundfile = import_audio("soundfile")
    buffer = io.BytesIO()
    try:
        soundfile.write(buffer, samples, int(rate), format="WAV", subtype=kind)
    except (soundfile.LibsndfileError, OverflowError) as error:
        raise UnreadableExample("samples that no sound file can hold") from error
    return buffer.getvalue()


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    as_rgb(image).save(buffer, "PNG")
    return buffer.getvalue()

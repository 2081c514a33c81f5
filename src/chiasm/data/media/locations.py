"""Locate: from what a cell says of an image or audio to its file or bytes, within its folders."""

import base64
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np
from PIL import Image

from chiasm.data.labels import is_nothing
from chiasm.data.media.audio import import_audio
from chiasm.data.media.facts import Vectors
from chiasm.data.media.images import MAX_BYTES, encode_image
from chiasm.errors import UnreadableExample
from chiasm.utils.encodings import is_undecodable

_EMBEDDED = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)
_DRIVE = re.compile(r"[a-z]:[\\/]|\\\\", re.IGNORECASE)
# How the base64 of JPEG, PNG, GIF, WEBP or WAV, TIFF, FLAC, OGG and MP3 begins.
_BASE64 = re.compile(
    r"(?:/9j/|iVBORw0KGgo|R0lGOD|UklGR|SUkqA|TU0AK|ZkxhQ|T2dnUw|SUQz)[A-Za-z0-9+/\s]{60,}={0,2}\s*"
)
_LONGEST_PATH = 4096
_LONGEST_BASE64 = MAX_BYTES * 4 // 3 + 4
_SCHEME = len("file://")
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
# How a WAV file holds samples of each kind without changing them.
_WAV = {"float32": "FLOAT", "float64": "DOUBLE", "int16": "PCM_16", "int32": "PCM_32"}


def locate_image(cell: Any, *, folders: Sequence[Path], allow_outside: bool) -> Path | bytes | None:
    """Find the image that a cell stands for: a path, bytes, a PIL image, or ``datasets``' dict.

    None where the cell is empty. Relative paths start at one of the ``folders``; without any, paths
    are the caller's own. Nothing is fetched. A text may be base64 or a ``data:`` URI, and an array
    of uint8 the pixels ``[h, w]`` or ``[h, w, channels]``.

    Raises:
        UnreadableExample: a URL, a path out of the folders, or another kind of value.
    """
    if isinstance(cell, np.ndarray):
        cell = _image_of(cell)
    if isinstance(cell, Image.Image):
        return encode_image(cell)
    return _locate(cell, "image", folders=folders, allow_outside=allow_outside)


def locate_audio(cell: Any, *, folders: Sequence[Path], allow_outside: bool) -> Path | bytes | None:
    """Find the audio that a cell stands for: a path, bytes, or ``datasets``' dict.

    That dict may hold a decoded audio too: ``array`` of ``[samples]`` or ``[samples, channels]``
    and ``sampling_rate``. All else is as with ``locate_image``.

    Raises:
        UnreadableExample: a URL, a path out of the folders, or another kind of value.
    """
    if isinstance(cell, dict) and cell.get("array") is not None:
        return _wav(_samples_of(cell["array"]), cell.get("sampling_rate"))
    return _locate(cell, "audio", folders=folders, allow_outside=allow_outside)


def locate_file(path: str, *, folders: Sequence[Path], allow_outside: bool) -> Path:
    """Resolve a path as written in the data, where several folders are meant in the first with it.

    A file need not exist.

    Raises:
        UnreadableExample: a URL, a path out of the folders, or no path at all.
    """
    if path[:_SCHEME].lower() == "file://":
        path = url2pathname(urlsplit(path).path)
    if _URL.match(path):
        raise UnreadableExample("URL (download it first)")
    if is_undecodable(path):
        raise UnreadableExample("undecodable path")
    if len(path) > _LONGEST_PATH:
        raise UnreadableExample("neither a path nor the base64 of a file")
    if _DRIVE.match(path) and os.sep == "/":
        raise UnreadableExample("path of a Windows drive, which is not here")
    try:
        return _resolve(path, folders, allow_outside=allow_outside)
    except (OSError, ValueError, RuntimeError) as error:
        raise UnreadableExample("file not found") from error


def _resolve(path: str, folders: Sequence[Path], *, allow_outside: bool) -> Path:
    # Windows writes backslashes between folders, where elsewhere one may be a part of a name.
    written = [path, path.replace("\\", "/")] if "\\" in path and os.sep == "/" else [path]
    if not folders:
        found = [Path(one).resolve() for one in written]
        return next((file for file in found if file.is_file()), found[0])
    # Resolved, so that a link cannot lead out of a folder either.
    placed = [((f / one).resolve(), f.resolve()) for one in written for f in folders]
    inside = [file for file, folder in placed if allow_outside or file.is_relative_to(folder)]
    if not inside:
        raise UnreadableExample("path leaves the data folder")
    as_written = inside[: len(folders)]
    return next((file for file in inside if file.is_file()), as_written[-1])


def _locate(
    cell: Any, kind: str, *, folders: Sequence[Path], allow_outside: bool
) -> Path | bytes | None:
    if isinstance(cell, dict):
        content = cell.get("bytes")
        is_there = content is not None and not (isinstance(content, bytes) and not content)
        cell = content if is_there else cell.get("path")
    if isinstance(cell, bytes | bytearray | memoryview):
        return bytes(cell) or None
    if is_nothing(cell) or not str(cell).strip():
        return None
    if not isinstance(cell, str | Path):
        raise UnreadableExample(f"neither a path nor an {kind}")
    told = str(cell).strip()
    embedded = _EMBEDDED.match(told)
    if embedded or _BASE64.fullmatch(told):
        return _from_base64(told[embedded.end() :] if embedded else told)
    return locate_file(told, folders=folders, allow_outside=allow_outside)


def _from_base64(text: str) -> bytes:
    if len(text) > _LONGEST_BASE64:
        raise UnreadableExample(f"base64 of more than {MAX_BYTES // 1_000_000} MB")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError as error:
        raise UnreadableExample("broken base64") from error


def _image_of(pixels: Vectors) -> Image.Image:
    try:
        if pixels.dtype != np.uint8:
            raise TypeError(pixels.dtype)
        return Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1:] == (1,) else pixels)
    except (TypeError, ValueError, IndexError) as error:
        reason = f"array {pixels.dtype} {pixels.shape}, not uint8 [h, w] or [h, w, channels]"
        raise UnreadableExample(reason) from error


def _samples_of(given: Any) -> Vectors:
    try:
        return np.asarray(given)
    except ValueError as error:
        raise UnreadableExample("samples of several lengths") from error


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
        raise UnreadableExample("samples that no audio file can hold") from error
    return buffer.getvalue()

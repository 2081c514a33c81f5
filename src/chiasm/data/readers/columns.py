"""Columns: which column of a data set plays which part."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from chiasm.data.media.kinds import Kind
from chiasm.errors import DataError

# The parts that are modalities, with their kinds, in the order of a table.
MODALITIES: dict[str, Kind] = {"text": "text", "image": "image", "audio": "audio"}

_COMMON = {
    "text": (
        *("text", "review", "review_text", "sentence", "question", "caption", "tweet"),
        *("content", "body", "comment", "message", "utterance"),
    ),
    "image": (
        *("image", "image_path", "image_file", "image_name", "img", "img_path"),
        *("photo", "photo_path", "picture", "picture_path", "image_file_name"),
    ),
    "audio": (
        *("audio", "audio_path", "audio_file", "audio_name", "wav", "wav_path"),
        *("sound", "sound_path", "sound_file", "speech", "speech_path", "recording", "clip"),
        "audio_file_name",
    ),
    "label": ("label", "sentiment", "tag", "answer", "target", "class"),
    "id": ("id", "guid"),
    "split": ("split", "subset", "partition"),
    "group": ("group", "group_id"),
}
# What a folder of files calls them in its metadata: they are images or audio.
_FILES = "file_name"
_AUDIO = (
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".wma", ".aif", ".aiff"),
)


@dataclass(frozen=True)
class Columns:
    """The names of the columns; None: found by its common names (``text``, ``review``, ...)."""

    text: str | None = None
    image: str | None = None
    audio: str | None = None
    label: str | None = None
    id: str | None = None
    split: str | None = None
    group: str | None = None


def find_columns(
    wanted: Columns, columns: Mapping[str, Sequence[Any]], *, features: Collection[str] = ()
) -> dict[str, str]:
    """Match each part to one of the columns of cells; parts without a column are left out.

    ``features`` are where precomputed features lie: such a column plays no other part.

    Raises:
        DataError: a named column is absent, two columns fit one part, or there are neither texts,
            images nor audio, nor features in their place.
    """
    listed = ", ".join(map(repr, columns)) or "none"
    named = {f.name: getattr(wanted, f.name) for f in fields(wanted)}
    found = {part: name for part, name in named.items() if name is not None}
    for part, name in found.items():
        if name not in columns:
            raise DataError(
                f"There is no column {name!r} for the {part}. The columns are: {listed}. "
                f"Give one of them with `{part}`."
            )
    for part in _COMMON:
        free = [name for name in columns if name not in (*found.values(), *features)]
        fitting = [name for name in free if _fits(part, name, columns[name])]
        if part in found or not fitting:
            continue
        if len(fitting) > 1:
            raise DataError(
                f"Several columns could be the {part}: {', '.join(map(repr, fitting))}. "
                f"Leave the others out, or name one with `{part}`."
            )
        found[part] = fitting[0]
    if not features and not found.keys() & MODALITIES.keys():
        raise DataError(
            f"There is no text, image or audio column. The columns are: {listed}. "
            "Call one so, or name it with `text`, `image` or `audio`; or give precomputed features "
            "with `features`."
        )
    return found


def is_label(name: object) -> bool:
    """Whether a column of this name is taken for the labels."""
    return _plain(str(name)) in _COMMON["label"]


def _fits(part: str, name: str, cells: Sequence[Any]) -> bool:
    plain = _plain(name)
    if plain == _FILES:
        return part == ("audio" if _are_audio(cells) else "image")
    return plain in _COMMON[part]


def _are_audio(cells: Sequence[Any]) -> bool:
    """Whether most of the paths end as those of audio do."""
    paths = [cell.strip().lower() for cell in cells if isinstance(cell, str) and cell]
    return 2 * sum(path.endswith(_AUDIO) for path in paths) > len(paths)


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().lower())

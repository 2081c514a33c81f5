"""Columns: which column of a data set plays which part."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields

from chiasm.errors import DataError

_COMMON = {
    "text": (
        *("text", "review", "review_text", "sentence", "question", "caption", "tweet"),
        *("content", "body", "comment", "message", "utterance"),
    ),
    "image": (
        *("image", "image_path", "image_file", "image_name", "img", "img_path"),
        *("photo", "photo_path", "picture", "picture_path", "file_name"),
    ),
    "audio": (
        *("audio", "audio_path", "audio_file", "audio_name", "wav", "wav_path"),
        *("sound", "sound_path", "sound_file", "speech", "speech_path", "recording", "clip"),
    ),
    "label": ("label", "sentiment", "tag", "answer", "target", "class"),
    "id": ("id", "guid"),
    "split": ("split", "subset", "partition"),
    "group": ("group", "group_id"),
}


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
    wanted: Columns, present: Sequence[str], *, features: Collection[str] = ()
) -> dict[str, str]:
    """Match each part to a column that is present; parts without a column are left out.

    ``features`` are where precomputed features lie: such a column plays no other part.

    Raises:
        DataError: a named column is absent, two columns fit one part, or there are neither texts,
            pictures nor sounds, nor features in their place.
    """
    listed = ", ".join(map(repr, present)) or "none"
    named = {f.name: getattr(wanted, f.name) for f in fields(wanted)}
    found = {part: name for part, name in named.items() if name is not None}
    for part, name in found.items():
        if name not in present:
            raise DataError(
                f"There is no column {name!r} for the {part}. The columns are: {listed}. "
                f"Give one of them with --{part}."
            )
    for part, common in _COMMON.items():
        free = [name for name in present if name not in (*found.values(), *features)]
        fitting = [name for name in free if _plain(name) in common]
        if part in found or not fitting:
            continue
        if len(fitting) > 1:
            raise DataError(
                f"Several columns could be the {part}: {', '.join(map(repr, fitting))}. "
                f"Name one with --{part}."
            )
        found[part] = fitting[0]
    if not features and not found.keys() & {"text", "image", "audio"}:
        raise DataError(
            f"There is no text, image or audio column. The columns are: {listed}. "
            "Name one with --text, --image or --audio, or give precomputed features with --feature."
        )
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().lower())

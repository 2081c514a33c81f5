"""preview_row: a row as a person sees it."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from chiasm.data.media.facts import AudioFacts, Facts, Value
from chiasm.data.media.images import open_image
from chiasm.data.media.kinds import Kind
from chiasm.errors import UnreadableExample

_QUALITY = 72


@dataclass(frozen=True)
class RowPreview:
    """Texts and small images (data URIs) by modality; in words, what else the row has or lacks."""

    texts: dict[str, str]
    images: dict[str, str]
    notes: tuple[str, ...]


def preview_row(
    values: Mapping[str, Value | None],
    *,
    kinds: Mapping[str, Kind],
    facts: Mapping[str, Facts | None],
    side: int,
    characters: int,
) -> RowPreview:
    """The values of a row, no image larger than ``side`` pixels and each text cut too.

    ``facts`` tell of its audio clips, where they are known.
    """
    texts: dict[str, str] = {}
    images: dict[str, str] = {}
    notes: list[str] = []
    for modality, value in values.items():
        if value is None:
            notes.append(f"no {modality}")
        elif kinds[modality] == "text":
            texts[modality] = shorten(str(value), characters)
        elif kinds[modality] == "image" and isinstance(value, Path | bytes):
            try:
                images[modality] = data_uri(open_image(value, at_least=side), side=side)
            except UnreadableExample as error:
                # It was whole when the table was read.
                notes.append(f"{modality}: {error.reason}")
        else:
            notes.append(f"{modality}: {_describe(value, facts.get(modality))}")
    return RowPreview(texts, images, tuple(notes))


def shorten(text: str, characters: int) -> str:
    """The beginning of a text, with an ellipsis where it goes on."""
    return text if len(text) <= characters else f"{text[: characters - 1].rstrip()}…"


def data_uri(image: Image.Image, *, side: int) -> str:
    """An image of at most ``side`` pixels a side as a JPEG inside its own address."""
    small = image.copy()
    small.thumbnail((side, side))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def _describe(value: Value, facts: Facts | None) -> str:
    if isinstance(value, np.ndarray):
        return f"{' x '.join(map(str, value.shape))} numbers"
    return f"{facts.seconds:.1f} seconds" if isinstance(facts, AudioFacts) else "there"

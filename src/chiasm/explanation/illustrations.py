"""illustrate: a row for a page, its words and its image in the colours of their scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chiasm.data.media.facts import AudioFacts, Value
from chiasm.data.media.images import open_image
from chiasm.data.preview import data_uri, preview_row
from chiasm.explanation.attribution.scores import word_scores
from chiasm.explanation.drawing.heat import overlay_heatmap
from chiasm.explanation.drawing.shade import relative
from chiasm.inference.attribution import Attribution

_SIDE = 240  # pixels


@dataclass(frozen=True)
class Illustration:
    """What a person sees of a row.

    Attributes:
        words: the text in stretches, each with its strength: 1 for the strongest word if it stands
            out, below 0 where it speaks against the class, 0 without a score.
        image, overlay: the image, and once more under its scores, as data URIs.
        notes: what else the row has or lacks.
    """

    words: tuple[tuple[str, float], ...]
    image: str | None
    overlay: str | None
    notes: tuple[str, ...]


def illustrate(
    values: Mapping[str, Value | None],
    attributions: Mapping[str, Attribution],
    *,
    audio: AudioFacts | None = None,
    characters: int,
) -> Illustration:
    """The values of a row, of its text no more than that many characters.

    ``attributions`` are those of texts and images whose tokens have places in them.
    """
    seen = preview_row(values, audio=audio, side=_SIDE, characters=characters)
    text, image = values.get("text"), values.get("image")
    words: tuple[tuple[str, float], ...] = ()
    if seen.text is not None:
        scored = attributions.get("text")
        words = _shade(str(text), seen.text, scored) if scored else ((seen.text, 0.0),)
    overlay = None
    if seen.image is not None and "image" in attributions and isinstance(image, Path | bytes):
        small = open_image(image, at_least=_SIDE)
        small.thumbnail((_SIDE, _SIDE))
        overlay = data_uri(overlay_heatmap(small, attributions["image"]), side=_SIDE)
    return Illustration(words, seen.image, overlay, seen.notes)


def _shade(text: str, shown: str, attribution: Attribution) -> tuple[tuple[str, float], ...]:
    """What is ``shown`` of a text, a stretch for each word and for what lies between two."""
    words = word_scores(text, attribution)
    strengths = relative(np.array([word.score for word in words], dtype=np.float64))
    stretches: list[tuple[str, float]] = []
    at = 0
    for word, strength in zip(words, strengths.tolist(), strict=True):
        if shown[word.start : word.end] != word.text:
            break  # here it is cut
        stretches += [(shown[at : word.start], 0.0), (word.text, strength)]
        at = word.end
    return tuple((part, strength) for part, strength in [*stretches, (shown[at:], 0.0)] if part)

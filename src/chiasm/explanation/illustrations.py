"""illustrate: a row for a page, its words and its image in the colours of their scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from chiasm.data.media.facts import Facts, Value
from chiasm.data.media.images import open_image
from chiasm.data.media.kinds import Kind
from chiasm.data.preview.rows import data_uri, preview_row
from chiasm.explanation.attribution.scores import word_scores
from chiasm.explanation.drawing.heat import overlay_heatmap
from chiasm.explanation.drawing.shade import relative
from chiasm.inference.attribution import Attribution

_SIDE = 240  # pixels

Stretches: TypeAlias = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Illustration:
    """What a person sees of a row.

    Attributes:
        texts: each text in stretches, and these with their strengths: 1 for the strongest word if
            it stands out, below 0 where it speaks against the class, 0 without a score.
        images: each image and, where it has scores, once more under them, as data URIs.
        notes: what else the row has or lacks.
    """

    texts: tuple[Stretches, ...]
    images: tuple[tuple[str, str | None], ...]
    notes: tuple[str, ...]


def illustrate(
    values: Mapping[str, Value | None],
    attributions: Mapping[str, Attribution],
    *,
    kinds: Mapping[str, Kind],
    facts: Mapping[str, Facts | None],
    characters: int,
) -> Illustration:
    """The values of a row, of each text no more than that many characters.

    ``attributions`` are those of texts and images whose tokens have places in them.
    """
    seen = preview_row(values, kinds=kinds, facts=facts, side=_SIDE, characters=characters)
    return Illustration(
        texts=tuple(
            _shade(str(values[modality]), shown, attributions.get(modality))
            for modality, shown in seen.texts.items()
        ),
        images=tuple(
            (shown, _overlay(values[modality], attributions.get(modality)))
            for modality, shown in seen.images.items()
        ),
        notes=seen.notes,
    )


def _overlay(image: Value | None, attribution: Attribution | None) -> str | None:
    if attribution is None or not isinstance(image, Path | bytes):
        return None
    small = open_image(image, at_least=_SIDE)
    small.thumbnail((_SIDE, _SIDE))
    return data_uri(overlay_heatmap(small, attribution), side=_SIDE)


def _shade(text: str, shown: str, attribution: Attribution | None) -> Stretches:
    """What is ``shown`` of a text, a stretch for each word and for what lies between two."""
    if attribution is None:
        return ((shown, 0.0),)
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

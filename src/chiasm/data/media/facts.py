"""What a value of a row may be, and what is known of an image or an audio clip."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

# Precomputed features of one row: numbers [l, d], one vector or a sequence of them.
Vectors = np.ndarray[Any, np.dtype[Any]]
# A text is a str; an image or an audio clip is a Path or the bytes of its file.
Value = str | Path | bytes | Vectors


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What one decoding of an image told: size in pixels, content digest and perceptual hash.

    ``is_whole`` is False where the end of the file is missing, and what was there was read.
    """

    width: int
    height: int
    digest: str
    phash: int
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What opening an audio clip told: length, samples a second and channels as stored, digest."""

    seconds: float
    rate: int
    channels: int
    digest: str


Facts: TypeAlias = ImageFacts | AudioFacts

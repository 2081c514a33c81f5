"""What a value of a row may be, and what is known of an image or a sound."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

# Precomputed features of one row: numbers [l, d], one vector or a sequence of them.
Vectors = np.ndarray[Any, np.dtype[Any]]
# A text is a str; a picture or a sound is a Path or the bytes of its file.
Value = str | Path | bytes | Vectors


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What one decoding of a picture told: size in pixels, content digest and perceptual hash.

    ``is_whole`` is False where the end of the file is missing, and what was there was read.
    """

    width: int
    height: int
    digest: str
    phash: int
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """What opening a sound told: length, samples a second and channels as stored, digest."""

    seconds: float
    rate: int
    channels: int
    digest: str

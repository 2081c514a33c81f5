"""Probes: made-up values to compare two ways of predicting by."""

import io
import wave
from collections.abc import Sequence

import numpy as np
from PIL import Image

from chiasm.data.media.facts import Value
from chiasm.inference.preprocessing.base import Preprocessing
from chiasm.inference.preprocessing.feature_vectors import FeatureVectors
from chiasm.inference.preprocessing.log_mel import RATE, LogMel
from chiasm.inference.preprocessing.pixels import Pixels

_TEXTS = (
    "The lens is sharp, but the strap broke after two days!",
    "Déjà vu… NEVER again 😡 @shop #fail http://example.org/x?y=1",
    "词 " * 400,
)
_SIZES = ((224, 224), (640, 360), (333, 500))
_SECONDS = (0.03, 1.0, 3.21)


def make_probes(preprocessing: Preprocessing) -> Sequence[Value]:
    """Three values of unlike form: short and long, upright and wide."""
    random = np.random.default_rng(0)
    if isinstance(preprocessing, Pixels):
        return [_image(size, random) for size in _SIZES]
    if isinstance(preprocessing, LogMel):
        return [_audio(seconds, random) for seconds in _SECONDS]
    if isinstance(preprocessing, FeatureVectors):
        return [random.normal(size=(length, preprocessing.width)) for length in (1, 2, 5)]
    return _TEXTS


def _image(size: tuple[int, int], random: np.random.Generator) -> bytes:
    coarse = Image.fromarray(random.integers(0, 256, (7, 9, 3), dtype=np.uint8))
    file = io.BytesIO()
    coarse.resize(size, Image.Resampling.BICUBIC).save(file, "JPEG")
    return file.getvalue()


def _audio(seconds: float, random: np.random.Generator) -> bytes:
    samples = random.normal(0, 3000, round(seconds * RATE)).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setparams((1, 2, RATE, 0, "NONE", ""))
        audio.writeframes(samples.tobytes())
    return file.getvalue()

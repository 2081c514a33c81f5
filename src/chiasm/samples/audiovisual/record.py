"""Recordings: a thing, or none, amid what goes on around it."""

import wave
from pathlib import Path
from random import Random

import numpy as np

from chiasm.samples.audiovisual.sounds import BACKGROUNDS, RATE, SOUNDS


def record(path: Path, *, thing: str | None, background: str, rng: Random) -> None:
    """Write two seconds as 16-bit mono WAV; without a thing there is only the background."""
    generator = np.random.default_rng(rng.getrandbits(32))
    around = BACKGROUNDS[background](generator)
    samples = around / around.std() * rng.uniform(0.02, 0.06)
    if thing is not None:
        sound = SOUNDS[thing](generator)
        samples += sound / np.abs(sound).max() * rng.uniform(0.25, 0.7)
    pcm = (samples * np.iinfo(np.int16).max).clip(-32768, 32767)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(pcm.astype("<i2").tobytes())

"""What things sound like, and what goes on around them; all of it computed."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

RATE = 8_000
SECONDS = 2.0
Samples = NDArray[np.float64]

_TIME: Samples = np.arange(round(RATE * SECONDS)) / RATE


def _repeat(start: float, period: float, sound: Callable[[int, Samples], Samples]) -> Samples:
    """The sound of time since its start, again and again; the first argument counts."""
    mixed = np.zeros_like(_TIME)
    for count, begin in enumerate(np.arange(start, SECONDS, period)):
        first = round(begin * RATE)
        mixed[first:] += sound(count, _TIME[: len(mixed) - first])
    return mixed


def clock(rng: Generator) -> Samples:
    """Tick, tock."""
    pitch, decay = rng.uniform(1500, 2600), rng.uniform(60, 140)

    def click(count: int, t: Samples) -> Samples:
        tone = np.sin(2 * np.pi * pitch * (0.8 if count % 2 else 1) * t)
        return (tone + 0.5 * rng.standard_normal(len(t))) * np.exp(-decay * t)

    return _repeat(rng.uniform(0, 0.3), rng.uniform(0.35, 0.55), click)


def phone(rng: Generator) -> Samples:
    """Two tones in quick turns, then a pause."""
    low, turns, ringing = rng.uniform(420, 620), rng.uniform(14, 22), rng.uniform(0.5, 0.8)

    def ring(_: int, t: Samples) -> Samples:
        pitch = np.where(np.sin(2 * np.pi * turns * t) > 0, low, 1.25 * low)
        return np.sign(np.sin(2 * np.pi * pitch * t)) * (t < ringing) * 0.7

    return _repeat(rng.uniform(0, 0.4), ringing + rng.uniform(0.2, 0.4), ring)


def guitar(rng: Generator) -> Samples:
    """Strummed chords."""
    root = rng.uniform(98, 196)
    chord = root * np.array([1, rng.choice((1.189, 1.26)), 1.498, 2])

    def strum(_: int, t: Samples) -> Samples:
        strings = np.zeros_like(t)
        for string, pitch in enumerate(chord):
            plucked = t - 0.02 * string
            for overtone in range(1, 7):
                decay = np.exp(-(1.5 + overtone) * np.maximum(plucked, 0)) * (plucked > 0)
                strings += np.sin(2 * np.pi * overtone * pitch * plucked) * decay / overtone
        return strings / len(chord)

    return _repeat(rng.uniform(0, 0.3), rng.uniform(0.5, 0.9), strum)


def teapot(rng: Generator) -> Samples:
    """A whistle that rises, and steam."""
    pitch, rise = rng.uniform(1300, 2300), rng.uniform(0.05, 0.25)
    wobble = 0.01 * np.sin(2 * np.pi * rng.uniform(4, 8) * _TIME)
    phase = 2 * np.pi * np.cumsum(pitch * (1 + rise * _TIME / SECONDS + wobble)) / RATE
    steam = np.diff(rng.standard_normal(len(_TIME)), prepend=0)
    return (np.sin(phase) + 0.15 * steam) * np.linspace(rng.uniform(0.2, 0.7), 1, len(_TIME))


def rain(rng: Generator) -> Samples:
    return _noise(rng, slope=0.2)


def wind(rng: Generator) -> Samples:
    gusts = 1 + 0.6 * np.sin(2 * np.pi * rng.uniform(0.3, 0.8) * _TIME + rng.uniform(0, 6))
    return _noise(rng, slope=1.3) * gusts


def traffic(rng: Generator) -> Samples:
    engine = rng.uniform(50, 90)
    hum = sum(np.sin(2 * np.pi * n * engine * _TIME + n) / n for n in range(1, 5))
    return hum + 2 * _noise(rng, slope=1)


def _noise(rng: Generator, *, slope: float) -> Samples:
    """Noise whose amplitude falls with the frequency to this power; variance 1."""
    spectrum = np.fft.rfft(rng.standard_normal(len(_TIME)))
    spectrum[1:] /= np.arange(1, len(spectrum)) ** slope
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, n=len(_TIME))
    scaled: Samples = noise / noise.std()
    return scaled


# Each is a product of the reviews too, which draw it.
SOUNDS: dict[str, Callable[[Generator], Samples]] = {
    make.__name__: make for make in (clock, guitar, phone, teapot)
}
BACKGROUNDS: dict[str, Callable[[Generator], Samples]] = {
    make.__name__: make for make in (rain, wind, traffic)
}

"""LogMel: an audio clip as Whisper takes it."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chiasm.data.media.audio import measure_audio, open_audio
from chiasm.errors import EncoderError
from chiasm.inference.left_out import LeftOut, seconds_left_out
from chiasm.inference.preprocessing.network_input import NetworkInput
from chiasm.inference.token_spans import time_spans

RATE = 16_000
_WINDOW = 400
_HOP = 160
_MELS = 80
# Slaney's scale: linear up to 1000 Hz, where 15 mels are reached, then 27 mels to a factor of 6.4.
_HZ_A_MEL = 200 / 3
_LINEAR_MELS = 15.0
_LOG_STEP = np.log(6.4) / 27
# In powers of ten: what lies further below the loudest is raised to that.
_RANGE = 8.0

Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class LogMel:
    """The log-mel spectrogram of Radford et al., "Robust Speech Recognition ..." (2022), 2.2.

    Attributes:
        max_seconds: what lies behind is cut off.
        tokens_a_second: of the network's output; a clip is filled up with silence to whole tokens.

    Raises:
        EncoderError: no audio, or no token of one, is left.
    """

    max_seconds: float
    tokens_a_second: int

    def __post_init__(self) -> None:
        if not (0 < self.max_seconds < np.inf and 0 < self.tokens_a_second <= RATE // _HOP):
            raise EncoderError(
                f"Audio cannot be cut at {self.max_seconds} seconds into {self.tokens_a_second} "
                f"tokens a second: give more than 0 seconds, and 1 to {RATE // _HOP} tokens."
            )

    def load(self, value: Path | bytes) -> NetworkInput:
        """Float32 ``[80, frames]``, 100 frames a second.

        Raises:
            UnreadableExample: the audio cannot be decoded.
        """
        samples = open_audio(value, rate=RATE, max_seconds=self.max_seconds)
        tokens = -(-len(samples) * self.tokens_a_second // RATE)
        whole = tokens * RATE // self.tokens_a_second
        return NetworkInput(
            log_mel(np.pad(samples, (0, whole - len(samples)))),
            spans=tuple(time_spans(tokens, seconds=tokens / self.tokens_a_second)),
            left_out=self._left_out(value, len(samples)),
        )

    def _left_out(self, value: Path | bytes, samples: int) -> tuple[LeftOut, ...]:
        # Resampling may give a sample less. What a header says of a whole audio is not asked for.
        if samples + 1 < self.max_seconds * RATE:
            return ()
        return seconds_left_out(measure_audio(value), limit=self.max_seconds)


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Samples ``[160 n]`` at 16 kHz, at least 201 of them, to ``[80, n]``."""
    centred = np.pad(samples, _WINDOW // 2, mode="reflect")
    # [n, 400]; the last window would begin a frame that has no samples of its own
    windows = np.lib.stride_tricks.sliding_window_view(centred, _WINDOW)[::_HOP][:-1]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
    power = np.abs(np.fft.rfft(windows * hann)) ** 2
    mels = np.log10(np.maximum(power @ _filters(), 1e-10))
    mels = (np.maximum(mels, mels.max() - _RANGE) + 4) / 4
    return np.ascontiguousarray(mels.T, dtype=np.float32)


@cache
def _filters() -> Numbers:
    """Triangles of equal area over the frequencies ``[201, 80]`` (Slaney, Auditory Toolbox)."""
    corners = _hertz(np.linspace(0.0, _mels(RATE / 2), _MELS + 2))
    frequencies = np.linspace(0.0, RATE / 2, _WINDOW // 2 + 1)
    # [201, 82]
    distances = corners - frequencies[:, None]
    widths = np.diff(corners)
    rising, falling = -distances[:, :-2] / widths[:-1], distances[:, 2:] / widths[1:]
    triangles: Numbers = np.maximum(0.0, np.minimum(rising, falling))
    return triangles * 2 / (corners[2:] - corners[:-2])


def _mels(hertz: float) -> float:
    linear = hertz / _HZ_A_MEL
    if linear < _LINEAR_MELS:
        return linear
    return float(_LINEAR_MELS + np.log(linear / _LINEAR_MELS) / _LOG_STEP)


def _hertz(mels: Numbers) -> Numbers:
    above = _LINEAR_MELS * np.exp(_LOG_STEP * (mels - _LINEAR_MELS))
    hertz: Numbers = _HZ_A_MEL * np.where(mels < _LINEAR_MELS, mels, above)
    return hertz

"""Audio clips: decode the beginning of an audio file safely, and tell what it holds."""

import hashlib
import io
import math
import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from chiasm.data.media.facts import AudioFacts
from chiasm.errors import DataError, UnreadableExample
from chiasm.utils.extras import needs_extra
from chiasm.utils.reading import open_regular

MAX_BYTES = 2_000_000_000
MAX_SECONDS = 24 * 3600
MAX_CHANNELS = 64
RATES = (1_000, 384_000)
FORMATS = ("WAV", "FLAC", "OGG", "MP3")
# How much of an audio clip is decoded to learn whether it can be: what encoders read by default.
INSPECTED_SECONDS = 30.0

# What libsndfile calls the formats above, WAV having variants.
_FORMATS = {*FORMATS, "WAVEX", "RF64"}
_UNRECOGNISED = 1
_BLOCK = 1 << 18
# Full scale is 1. The power of much louder samples leaves float32, and tokens would be NaN.
_LOUDEST = 1e6
# A program that writes WAV into a pipe cannot know the size: it puts down about the largest.
_STREAMED = 0x7FFF_F000
# Where its samples begin at the latest, and how much of one without a size is read.
_HEADER, _MOST_TOLD = 4096, 200_000_000
_CUT_WAV = re.compile(r"^data : (\d+) \(should be", re.MULTILINE)


def open_audio(source: Path | bytes, *, rate: int, max_seconds: float) -> NDArray[np.float32]:
    """The first ``max_seconds`` of an audio file: ``[n]`` mono samples at ``rate`` Hz.

    The content decides the format, not the name. Channels are averaged, full scale is 1, and what
    lies behind ``max_seconds`` is never decoded.

    Raises:
        UnreadableExample: not audio, too large, without samples, truncated or broken. OGG and MP3
            are made to be streamed: one that was cut reads as a shorter one.
        DataError: soundfile or soxr is not installed.
    """
    soxr = import_audio("soxr")
    with _opened(source) as file:
        samples = _decode(file, max_seconds)
        resampled: NDArray[np.float32] = soxr.resample(samples, file.samplerate, rate)
    if not len(resampled):
        raise UnreadableExample("audio without samples")
    return resampled[: round(max_seconds * rate)]


def measure_audio(source: Path | bytes) -> float:
    """How many seconds long an audio clip says it is; nothing is decoded.

    Raises:
        UnreadableExample, DataError: as ``open_audio``.
    """
    with _opened(source) as file:
        seconds: float = file.frames / file.samplerate
        return seconds


def inspect_audio(source: Path | bytes) -> AudioFacts:
    """Decode the first ``INSPECTED_SECONDS`` of an audio clip and note its stored form and digest.

    Raises:
        UnreadableExample, DataError: as ``open_audio``.
    """
    with _opened(source) as file:
        decoded = len(_decode(file, INSPECTED_SECONDS))
        is_whole = decoded < INSPECTED_SECONDS * file.samplerate
        return AudioFacts(
            seconds=(decoded if is_whole else file.frames) / file.samplerate,
            rate=file.samplerate,
            channels=file.channels,
            digest=_digest(source),
        )


def import_audio(package: str) -> Any:
    """A package that reads audio.

    Raises:
        DataError: it is not installed, or cannot be loaded.
    """
    with needs_extra("audio", f"Audio is read with the package {package}", kind=DataError):
        return import_module(package)


@contextmanager
def _opened(source: Path | bytes) -> Iterator[Any]:
    """The SoundFile; any error of libsndfile, here or in decoding, is an UnreadableExample."""
    soundfile = import_audio("soundfile")
    with _stream(source) as stream:
        told = _told_size(stream)
        if told is not None:
            source, stream = told, io.BytesIO(told)
        # By its number a file has no name, whose ending soundfile would believe.
        handle = stream.fileno() if isinstance(source, Path) else stream
        try:
            with soundfile.SoundFile(handle, closefd=False) as file:
                _refuse_by_header(file)
                yield file
        except soundfile.SoundFileError as error:
            if getattr(error, "code", None) == _UNRECOGNISED:
                raise UnreadableExample(_not_a_audio()) from error
            raise UnreadableExample("truncated or broken audio") from error


def _told_size(stream: BinaryIO) -> bytes | None:
    """A WAV file that was written into a pipe, as size of which 0 was put down, with its size.

    None for all others.
    """
    head = stream.read(_HEADER)
    stream.seek(0)
    position = head.find(b"data\0\0\0\0", 12)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE" or position < 0 or len(head) <= position + 8:
        return None
    data = bytearray(stream.read(_MOST_TOLD))
    data[4:8] = struct.pack("<I", len(data) - 8)
    data[position + 4 : position + 8] = struct.pack("<I", len(data) - position - 8)
    return bytes(data)


@contextmanager
def _stream(source: Path | bytes) -> Iterator[BinaryIO]:
    if isinstance(source, bytes):
        _refuse_by_size(len(source))
        yield io.BytesIO(source)
        return
    with open_regular(source) as stream:
        _refuse_by_size(os.fstat(stream.fileno()).st_size)
        yield stream


def _refuse_by_size(size: int) -> None:
    if size > MAX_BYTES:
        raise UnreadableExample(f"audio file larger than {MAX_BYTES // 1_000_000} MB")
    if size == 0:
        raise UnreadableExample("empty audio file")


def _refuse_by_header(file: Any) -> None:
    if file.format not in _FORMATS:
        raise UnreadableExample(_not_a_audio())
    if not RATES[0] <= file.samplerate <= RATES[1]:
        raise UnreadableExample(f"sample rate outside {RATES[0]} to {RATES[1]} Hz")
    if file.channels > MAX_CHANNELS:
        raise UnreadableExample(f"audio of more than {MAX_CHANNELS} channels")
    if file.frames == 0:
        raise UnreadableExample("audio without samples")
    if file.frames > MAX_SECONDS * file.samplerate:
        raise UnreadableExample(f"audio longer than {MAX_SECONDS // 3600} hours")
    # libsndfile takes a WAV file to be as long as it is, and only notes what the header promised.
    promise = _CUT_WAV.search(file.extra_info)
    if promise and int(promise[1]) < _STREAMED:
        raise UnreadableExample("truncated or broken audio")


def _not_a_audio() -> str:
    return f"not an audio clip ({', '.join(FORMATS)})"


def _decode(file: Any, max_seconds: float) -> NDArray[np.float32]:
    """The beginning at the stored rate, channels averaged, in blocks to bound the memory."""
    needed = left = min(file.frames, math.ceil(max_seconds * file.samplerate))
    blocks = []
    while left and len(block := file.read(min(left, _BLOCK), dtype="float32", always_2d=True)):
        blocks.append(block.mean(axis=1))  # [n, channels] -> [n]
        left -= len(block)
    if left == needed or (left and file.format != "MP3"):
        raise UnreadableExample("truncated or broken audio")
    samples: NDArray[np.float32] = np.concatenate(blocks)
    if not np.isfinite(samples).all():
        raise UnreadableExample("samples that are NaN or infinite")
    if np.abs(samples).max() > _LOUDEST:
        raise UnreadableExample("samples far beyond full scale")
    return samples


def _digest(source: Path | bytes) -> str:
    digest = hashlib.sha256()
    with _stream(source) as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()

"""Sounds: what one decoding of a sound file tells."""

import hashlib
import io
from pathlib import Path

import soundfile

from chiasm.data.table import SoundFacts
from chiasm.errors import UnreadableExample


def inspect_sound(source: Path | bytes) -> SoundFacts:
    """Decode a sound once and note its length, rate, channels and content digest.

    Raises:
        UnreadableExample: no such file, or not a sound.
    """
    try:
        data = source.read_bytes() if isinstance(source, Path) else source
    except OSError as error:
        raise UnreadableExample("file not found") from error
    try:
        samples, rate = soundfile.read(io.BytesIO(data), always_2d=True)
    except soundfile.LibsndfileError as error:
        raise UnreadableExample("not a sound") from error
    return SoundFacts(
        seconds=len(samples) / rate,
        rate=rate,
        channels=samples.shape[1],
        digest=hashlib.sha256(data).hexdigest(),
    )

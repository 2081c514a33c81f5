"""Tables of the recordings that docs/results.md is measured on, as chiasm reads them.

    python benchmarks/write_tables.py ../shared/data tables

``digits.csv``: every spoken digit, with its speaker. ``degraded.csv``: spoken digits under noise,
each with a noisy image of the same digit from scikit-learn; no image is used twice, since it
would stand on both sides of a split by speaker. ``emodb.csv``: acted emotions, with their speaker.
"""

import sys
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import soundfile
from PIL import Image
from sklearn.datasets import load_digits

EMOTIONS = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
# Noise, as a multiple of the loudness of the audio, and of the range of the image.
AUDIO_NOISE = 1.0
IMAGE_NOISE = 0.3
SIDE = 64


def write_digits(recordings: Path, out: Path) -> None:
    rows = [
        (_link(path, out), *path.stem.split("_")[:2]) for path in sorted(recordings.glob("*.wav"))
    ]
    pd.DataFrame(rows, columns=["audio_path", "label", "speaker"]).to_csv(
        out / "digits.csv", index=False
    )


def write_degraded(recordings: Path, out: Path) -> None:
    random = np.random.default_rng(0)
    spoken = sorted(recordings.glob("*.wav"))
    Random(0).shuffle(spoken)
    photos, digits = load_digits(return_X_y=True)
    unused = {digit: list(np.flatnonzero(digits == digit)) for digit in range(10)}
    (out / "degraded").mkdir()
    rows = []
    for path in spoken:
        digit, speaker, _ = path.stem.split("_")
        if not unused[int(digit)]:
            continue
        photo = photos[unused[int(digit)].pop()].reshape(8, 8) / 16
        audio, rate = soundfile.read(path)
        audio = audio + AUDIO_NOISE * audio.std() * random.normal(size=audio.shape)
        name = f"degraded/{path.stem}"
        soundfile.write(out / f"{name}.wav", audio / np.abs(audio).max(), rate)
        noisy = photo + IMAGE_NOISE * random.normal(size=photo.shape)
        image = Image.fromarray((noisy.clip(0, 1) * 255).astype(np.uint8))
        image.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(out / f"{name}.png")
        rows.append((f"{name}.wav", f"{name}.png", digit, speaker))
    pd.DataFrame(rows, columns=["audio_path", "image_path", "label", "speaker"]).to_csv(
        out / "degraded.csv", index=False
    )


def write_emodb(recordings: Path, out: Path) -> None:
    rows = [
        (_link(path, out), EMOTIONS[path.stem[5]], path.stem[:2])
        for path in sorted(recordings.glob("*.flac"))
    ]
    pd.DataFrame(rows, columns=["audio_path", "label", "speaker"]).to_csv(
        out / "emodb.csv", index=False
    )


def _link(recording: Path, out: Path) -> str:
    """A hard link beside the table: paths that leave the folder of a table are refused."""
    folder = out / recording.parent.name
    folder.mkdir(exist_ok=True)
    (folder / recording.name).hardlink_to(recording)
    return f"{folder.name}/{recording.name}"


def main() -> None:
    data, out = (Path(argument) for argument in sys.argv[1:])
    out.mkdir(parents=True)
    write_digits(data / "digits", out)
    write_degraded(data / "digits", out)
    write_emodb(data / "emodb", out)


if __name__ == "__main__":
    main()

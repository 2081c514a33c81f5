"""Sample data: sets that this machine can make by itself, each one command away."""

from collections.abc import Callable
from pathlib import Path

from chiasm.samples.audiovisual.write_audiovisual import write_audiovisual
from chiasm.samples.reviews.write_reviews import write_reviews
from chiasm.samples.vqa import write_vqa

# Each writes its set into a new folder and returns the file to read it from.
SAMPLES: dict[str, Callable[[Path], Path]] = {
    "audiovisual": write_audiovisual,
    "reviews": write_reviews,
    "vqa": write_vqa,
}

__all__ = ["SAMPLES", "write_audiovisual", "write_reviews", "write_vqa"]

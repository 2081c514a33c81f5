"""What runs in the process of a decoder: small, since each has a copy of it."""

import signal
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from chiasm.data.media.images import open_image
from chiasm.data.media.kinds import Kind
from chiasm.errors import UnreadableExample
from chiasm.serving.limits import Limits
from chiasm.serving.sizes import refuse_long_audio

Load = Callable[[bytes], Any]
# The longer side of the image that an explanation shows.
_SHOWN_SIDE = 640
# Beside what an image takes: in a decoder up to four copies of four bytes a pixel.
_ROOM = 256 << 20
_BYTES_OF_A_PIXEL = 20


@dataclass(frozen=True)
class Loaded:
    """A value as the model takes it, and the image to show, where it was asked for."""

    inputs: Any
    image: Image.Image | None = None


def begin(limits: Limits) -> None:
    """Bound the address space of this process, where its system can."""
    # Ctrl-C is for the server, which ends its decoders.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    pages = Path("/proc/self/statm")
    if sys.platform == "win32" or not pages.is_file():
        return
    import resource

    used = int(pages.read_text().split()[0]) * resource.getpagesize()
    most = used + _ROOM + _BYTES_OF_A_PIXEL * limits.pixels
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def load(load: Load, kind: Kind, content: bytes, limits: Limits, *, shown: bool) -> Loaded | str:
    """Decode one image or audio: as the model takes it, or why it cannot be."""
    _bound_seconds(limits.decode_seconds)
    try:
        if kind == "audio":
            refuse_long_audio(content, limits)
        image = _show(content) if shown and kind == "image" else None
        return Loaded(load(content), image)
    except UnreadableExample as error:
        return error.reason
    except MemoryError:
        return "takes more memory than a decoder has"


def _show(content: bytes) -> Image.Image:
    image = open_image(content, at_least=_SHOWN_SIDE)
    image.thumbnail((_SHOWN_SIDE, _SHOWN_SIDE))
    return image


def _bound_seconds(seconds: float) -> None:
    """The processor's time for what comes now, after which the system ends this process."""
    if sys.platform == "win32":
        return
    import resource

    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with suppress(ValueError):  # the system allows less
        resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 1, hard))

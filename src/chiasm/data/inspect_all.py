"""Inspect many pictures at once, each file only once."""

import os
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import track

from chiasm.data.pictures import inspect_picture
from chiasm.data.table import PictureFacts
from chiasm.errors import UnreadableExample

_MOST_THREADS = 8
# Fewer are done before a bar could be read.
_WORTH_A_BAR = 300


def inspect_all(
    sources: Iterable[Path | bytes],
) -> dict[Path | bytes, PictureFacts | UnreadableExample]:
    """Decode every distinct picture once, in threads; the unreadable is returned, not raised."""
    distinct = list(dict.fromkeys(sources))
    # Pillow decodes without the interpreter lock.
    with ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_THREADS)) as pool:
        results = track(
            pool.map(_inspect, distinct),
            description="Reading pictures",
            total=len(distinct),
            console=Console(stderr=True),
            transient=True,
            disable=len(distinct) < _WORTH_A_BAR or not sys.stderr.isatty(),
        )
        return dict(zip(distinct, results, strict=True))


def _inspect(source: Path | bytes) -> PictureFacts | UnreadableExample:
    try:
        return inspect_picture(source)
    except UnreadableExample as error:
        return error

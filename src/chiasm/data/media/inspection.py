"""Inspect many images or audio at once, each file only once."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from rich.progress import track

from chiasm.errors import UnreadableExample
from chiasm.utils.cores import count_cores
from chiasm.utils.terminal import Terminal

_Facts = TypeVar("_Facts")
_Value = TypeVar("_Value")
_Result = TypeVar("_Result")
_MOST_THREADS = 8
# Fewer are done before a bar could be read.
_WORTH_A_BAR = 300
# Each that waits its turn takes a kilobyte.
_AHEAD = 1024


def inspect_all(
    sources: Iterable[Path | bytes], inspect: Callable[[Path | bytes], _Facts], *, part: str
) -> dict[Path | bytes, _Facts | UnreadableExample]:
    """Decode every distinct source once, in threads; the unreadable is returned, not raised."""
    distinct = list(dict.fromkeys(sources))

    def attempt(source: Path | bytes) -> _Facts | UnreadableExample:
        try:
            return inspect(source)
        except UnreadableExample as error:
            return error

    # Pillow and soundfile decode without the interpreter lock.
    with ThreadPoolExecutor(min(count_cores(), _MOST_THREADS)) as pool:
        results = track(
            _map(pool, attempt, distinct),
            description=f"Reading {part}",
            total=len(distinct),
            console=Terminal(stderr=True),
            transient=True,
            disable=len(distinct) < _WORTH_A_BAR or not sys.stderr.isatty(),
        )
        return dict(zip(distinct, results, strict=True))


def _map(
    pool: ThreadPoolExecutor, work: Callable[[_Value], _Result], values: Sequence[_Value]
) -> Iterator[_Result]:
    for start in range(0, len(values), _AHEAD):
        yield from pool.map(work, values[start : start + _AHEAD])

"""Decoders: processes that decode images and audio, and can be ended."""

import asyncio
import multiprocessing
import sys
import tempfile
from concurrent.futures import TimeoutError as TookTooLong
from multiprocessing.context import BaseContext

from pebble import ProcessExpired, ProcessPool

from chiasm.data.media.kinds import Kind
from chiasm.errors import UnreadableExample
from chiasm.serving import decode_worker
from chiasm.serving.decode_worker import Load, Loaded
from chiasm.serving.limits import Limits

_ENDED = 5.0


class Decoders:
    """A few processes, begun with the first value, each replaced when it was ended.

    One is ended for taking more than ``decode_seconds`` or more memory than its limit, and when
    nobody waits for its answer any more. On Windows, which has no limits of that kind, only the
    seconds are bounded.
    """

    def __init__(self, limits: Limits, *, processes: int = 2) -> None:
        self._limits = limits
        self._processes = processes
        self._pool: ProcessPool | None = None

    async def load(self, load: Load, kind: Kind, content: bytes, *, shown: bool) -> Loaded:
        """One image or audio as ``load`` gives it, and to be ``shown`` too.

        Raises:
            UnreadableExample: it cannot be decoded, or not within the limits.
        """
        if self._pool is None:
            self._pool = self._begin()
        future = self._pool.schedule(
            decode_worker.load,
            args=(load, kind, content, self._limits),
            kwargs={"shown": shown},
            timeout=self._limits.decode_seconds,
        )
        try:
            # Where the request is given up, the process is ended.
            loaded = await asyncio.wrap_future(future)
        except TookTooLong as error:
            raise UnreadableExample(self._too_slow) from error
        except ProcessExpired as error:
            raise UnreadableExample("takes more time or memory than a decoder has") from error
        if isinstance(loaded, str):
            raise UnreadableExample(loaded)
        return loaded

    def close(self) -> None:
        """End the processes, whatever they do."""
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join(_ENDED)

    @property
    def _too_slow(self) -> str:
        return f"takes more than {self._limits.decode_seconds:g} seconds to decode"

    def _begin(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._processes,
            context=_context(),
            initializer=decode_worker.begin,
            initargs=(self._limits,),
        )


def _context() -> BaseContext:
    """New processes from one that has no threads, and has imported what decodes.

    Where there are no such ones, or no place for its socket, each imports it anew.
    """
    if sys.platform == "win32" or not _has_temporary_folder():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([decode_worker.__name__])
    return context


def _has_temporary_folder() -> bool:
    try:
        return bool(tempfile.gettempdir())
    except FileNotFoundError:  # a read-only file system without a /tmp
        return False

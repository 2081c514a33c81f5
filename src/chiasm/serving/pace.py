"""Pace: how long one waits for what a client sends."""

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

from chiasm.serving.limits import Limits

_Piece = TypeVar("_Piece")
# Until then nobody is called slow: names are looked up, and connections begin slowly.
_PATIENCE = 5.0


class Pace:
    """From the first byte of something to its last: a time for all of it, and a rate.

    Args:
        limits: which, as ``receive_seconds`` and ``receive_rate``.
    """

    def __init__(self, limits: Limits) -> None:
        self._seconds = limits.receive_seconds
        self._rate = limits.receive_rate
        self.begin()

    def begin(self) -> None:
        """Something new begins to arrive."""
        self._begun = time.monotonic()
        self._arrived = 0

    async def next(self, piece: Awaitable[_Piece], *, is_begun: bool = True) -> _Piece:
        """Wait for the next piece; of what has not ``is_begun`` only the time is bounded.

        Raises:
            asyncio.TimeoutError: it does not come in time.
        """
        until = self._seconds
        if is_begun:
            until = min(until, _PATIENCE + self._arrived / self._rate)
        return await asyncio.wait_for(piece, self._begun + until - time.monotonic())

    def note(self, size: int) -> None:
        """So many bytes have arrived."""
        self._arrived += size

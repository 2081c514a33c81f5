"""Admission: how many rows may be on their way through the server at once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from chiasm.serving.limits import Limits
from chiasm.serving.problem import Problem

RETRY_AFTER = {"Retry-After": "1"}


class Admission:
    """Counts rows and their bytes from before they are received until they are answered.

    A single request is admitted at once or refused. The rows of batches wait for their turn, and
    leave half of the room to single requests.
    """

    def __init__(self, limits: Limits) -> None:
        self._most_rows = limits.waiting_rows
        self._most_bytes = limits.waiting_bytes
        self._rows = 0
        self._bytes = 0
        self._left = asyncio.Event()

    @property
    def rows(self) -> int:
        """How many rows are inside."""
        return self._rows

    @contextmanager
    def admit(self, size: int) -> Iterator[None]:
        """Let one row of ``size`` bytes in, and out again.

        Raises:
            Problem: 429, there is no room.
        """
        if not self._fits(size, parts=1):
            raise Problem(
                429,
                "The server is answering as many requests as it can hold. Ask again in a second.",
                headers=RETRY_AFTER,
            )
        self._enter(size)
        try:
            yield
        finally:
            self.leave(size)

    async def enter_in_turn(self, size: int) -> None:
        """Let one row of a batch in as soon as there is room; ``leave`` must follow."""
        while self._rows and not self._fits(size, parts=2):
            self._left.clear()
            await self._left.wait()
        self._enter(size)

    def leave(self, size: int) -> None:
        """Make room again."""
        self._rows -= 1
        self._bytes -= size
        self._left.set()

    def _enter(self, size: int) -> None:
        self._rows += 1
        self._bytes += size

    def _fits(self, size: int, *, parts: int) -> bool:
        return (
            self._rows < self._most_rows // parts
            and self._bytes + size <= self._most_bytes // parts
        )

"""Room: how much of what takes much memory goes on at the same time."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial


class Room:
    """Units that are lent in the order in which they were asked for.

    Args:
        units: how many there are.
    """

    def __init__(self, units: int) -> None:
        self.units = units
        self._free = units
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def lend(self, units: int) -> AsyncIterator[None]:
        """Wait for so many units, at most all of them, and have them for the time being."""
        give_back = await self.take(units)
        try:
            yield
        finally:
            give_back()

    async def take(self, units: int) -> Callable[[], None]:
        """Wait for so many units, at most all of them; the answer gives them back."""
        units = min(units, self.units)
        if units:
            await self._wait_for(units)
        return partial(self._give_back, units)

    def _give_back(self, units: int) -> None:
        self._free += units
        self._lend_on()

    async def _wait_for(self, units: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((units, turn))
        self._lend_on()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._free += units  # it had just been lent
            self._lend_on()
            raise

    def _lend_on(self) -> None:
        while self._waiting:
            units, turn = self._waiting[0]
            if turn.cancelled():
                self._waiting.popleft()
            elif units <= self._free:
                self._waiting.popleft()
                self._free -= units
                turn.set_result(None)
            else:
                return

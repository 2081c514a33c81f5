"""Admission: how many rows may be on their way through the server at once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from chiasm.serving.limits import Limits
from chiasm.serving.problem import HTTPProblem
from chiasm.serving.shares import Shares

RETRY_AFTER = {"Retry-After": "1"}


class Admission:
    """Counts rows, and the bytes of them that have arrived, until they are answered.

    A single request is admitted at once or refused. The rows of batches wait for their turn, and
    leave half of the room to single requests. Each client has its share.
    """

    def __init__(self, limits: Limits) -> None:
        self._rows = Shares(limits.waiting_rows)
        self._bytes = Shares(limits.waiting_bytes)
        self._rows_of_batches = Shares(max(1, limits.waiting_rows // 2))
        self._left = asyncio.Event()

    @property
    def rows(self) -> int:
        """How many rows are inside."""
        return self._rows.taken

    @property
    def bytes(self) -> int:
        """How many bytes of rows and of unread answers are held."""
        return self._bytes.taken

    @property
    def is_open(self) -> bool:
        """Whether a row of a client that has none inside would be let in."""
        return self._rows.is_open and self._bytes.is_open

    @contextmanager
    def admit(self, client: str) -> Iterator[None]:
        """Let one row in whose bytes have arrived, and out again.

        Raises:
            HTTPProblem: 429, there is no room.
        """
        if not self._rows.take(client, 1):
            raise full()
        try:
            yield
        finally:
            self._leave(client)

    @contextmanager
    def hold(self, client: str) -> Iterator["Held"]:
        """What is held for a client, nothing at first."""
        held = Held(self._bytes, client, self._left)
        try:
            yield held
        finally:
            held.size = 0

    async def enter_in_turn(self, client: str, held: "Held") -> int:
        """Let one row of a batch in as soon as there is room; ``leave`` must follow.

        What is held of it is counted while it waits, and goes in with it; how many bytes that are.
        """
        while not self._enter(client):
            self._left.clear()
            await self._left.wait()
        return held.hand_over()

    def leave(self, client: str, size: int) -> None:
        """Make room again."""
        self._bytes.give_back(client, size)
        self._rows_of_batches.give_back(client, 1)
        self._leave(client)

    def _enter(self, client: str) -> bool:
        if not self._rows_of_batches.take(client, 1):
            return False
        if not self._rows.take(client, 1):
            self._rows_of_batches.give_back(client, 1)
            return False
        return True

    def _leave(self, client: str) -> None:
        self._rows.give_back(client, 1)
        self._left.set()


class Held:
    """Bytes that are held for a client."""

    def __init__(self, shares: Shares, client: str, left: asyncio.Event) -> None:
        self._shares = shares
        self._client = client
        self._left = left
        self._size = 0

    @property
    def size(self) -> int:
        """How many they are.

        Raises:
            HTTPProblem: 429, they grow and there is no room.
        """
        return self._size

    @size.setter
    def size(self, size: int) -> None:
        if not self._take(size):
            raise full()

    async def hold_in_turn(self, size: int) -> None:
        """Hold so many bytes as soon as there is room; others would wait for what is held before.

        Raises:
            HTTPProblem: 429, there never is so much.
        """
        while not self._take(size):
            if self._size or size > self._shares.most:
                raise full()
            self._left.clear()
            await self._left.wait()

    def _take(self, size: int) -> bool:
        if size > self._size:
            if not self._shares.take(self._client, size - self._size):
                return False
        else:
            self._shares.give_back(self._client, self._size - size)
            self._left.set()
        self._size = size
        return True

    def hand_over(self) -> int:
        """Hold nothing any more, without giving it back: whoever has it now is to do that."""
        size, self._size = self._size, 0
        return size


def full() -> HTTPProblem:
    """There is no room for what a client sends."""
    return HTTPProblem(
        429,
        "The server is answering as many requests as it can hold. Ask again in a second.",
        headers=RETRY_AFTER,
    )

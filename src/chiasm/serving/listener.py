"""Listener: a listening socket that takes a few connections at a time, and rests where it must."""

import errno
import socket
import time
from typing import Any

_USED_UP = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
# Shorter than the second after which asyncio tries again.
_REST = 0.5
# Those who are inside wait in the meantime; more would also take descriptors for nothing.
_MOST_A_TURN = 8


class Listener(socket.socket):
    """Says that nobody comes after a few have come, and for a moment once descriptors are used up.

    asyncio would take in the whole backlog before it turns to what is open. For want of descriptors
    it rests for a second, but first it goes on to accept, and to log the same failure, as often as
    the backlog is long.
    """

    _rests_until = 0.0
    _taken = 0

    def accept(self) -> tuple[socket.socket, Any]:
        if time.monotonic() < self._rests_until:
            raise BlockingIOError
        if self._taken == _MOST_A_TURN:
            self._taken = 0
            raise BlockingIOError
        self._taken += 1
        try:
            return super().accept()
        except OSError as error:
            if error.errno in _USED_UP:
                self._rests_until = time.monotonic() + _REST
            raise

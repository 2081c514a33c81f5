"""Listener: a listening socket that asks for no more once descriptors have run out."""

import errno
import socket
import time
from typing import Any

_USED_UP = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
# Shorter than the second after which asyncio tries again.
_REST = 0.5


class Listener(socket.socket):
    """After such a failure, says for a moment that nobody comes.

    asyncio rests then for a second, but first it goes on to accept, and to log the same failure,
    as often as the backlog is long.
    """

    _rests_until = 0.0

    def accept(self) -> tuple[socket.socket, Any]:
        if time.monotonic() < self._rests_until:
            raise BlockingIOError
        try:
            return super().accept()
        except OSError as error:
            if error.errno in _USED_UP:
                self._rests_until = time.monotonic() + _REST
            raise

"""Connections: as many for a client as leave others theirs, none that waits without end."""

import asyncio
import sys
from collections.abc import Callable
from functools import partial

from chiasm.serving.client import client_of
from chiasm.serving.http_protocol import HttpProtocol
from chiasm.serving.settings import ServerSettings
from chiasm.serving.shares import Shares

if sys.platform != "win32":
    import resource

MOST_CONNECTIONS = 1_000
# For the model, the decoders and the log, and for connections that are being refused.
_OTHER_DESCRIPTORS = 48


def most_connections() -> int:
    """How many there may be at once: each takes a descriptor of the process."""
    if sys.platform == "win32":
        return MOST_CONNECTIONS
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(2, min(MOST_CONNECTIONS, descriptors - _OTHER_DESCRIPTORS))


def connection_type(settings: ServerSettings) -> type[HttpProtocol]:
    """Uvicorn's connection, with a share for each client and a time for heads and answers."""
    connections = Shares(most_connections())
    seconds = settings.limits.receive_seconds

    class Connection(HttpProtocol):
        """One is ended where its client has too many, or takes too long to ask or to listen."""

        _sharer: str | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._head = _Patience(self.loop, seconds, transport.abort)
            self._answer = _Patience(self.loop, seconds, transport.abort)
            address = self.client[0] if self.client else ""
            # The connections of a proxy are those of many.
            sharer = client_of(address) if address not in settings.proxies else None
            if sharer is not None and not connections.take(sharer, 1):
                transport.abort()
                return
            self._sharer = sharer
            self._head.begin()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self._sharer is not None:
                connections.give_back(self._sharer, 1)
                self._sharer = None
            self._head.end()
            self._answer.end()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._head.end()
            else:
                self._head.begin()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._answer.begin()

        def resume_writing(self) -> None:
            super().resume_writing()
            self._answer.end()

    return Connection


class _Patience:
    """Does something after so many seconds, unless what is waited for ends before."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, seconds: float, then: Callable[[], None]
    ) -> None:
        self._wait = partial(loop.call_later, seconds, then)
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        if self._timer is None:
            self._timer = self._wait()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

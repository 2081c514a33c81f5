"""Server: uvicorn, ended gently."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

import uvicorn

# For requests that were on their way on open connections when the server was told to stop.
_LINGER = 0.5
# Of the grace, for telling those that are not answered in time, and for the log.
_PARTING = 1.0


class Server(uvicorn.Server):
    """Answers all it has accepted before it ends, and ends with status 0."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connections, then answer what comes on the open ones for a moment.

        uvicorn itself would close idle connections at once, under requests just sent on them. What
        still computes when the grace is over is not waited for.
        """
        grace = self.config.timeout_graceful_shutdown or 0
        self.config.timeout_graceful_shutdown = max(0, grace - _LINGER - _PARTING)  # type: ignore[assignment]
        end = Timer(max(grace, _LINGER + _PARTING), _end)
        end.daemon = True
        end.start()
        for server in self.servers:
            server.close()
        self.server_state.default_headers.append((b"connection", b"close"))
        await asyncio.sleep(_LINGER)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGTERM and Ctrl-C; uvicorn would raise them again and end the process hard."""
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _end() -> None:
    """End now: threads that run a network cannot be told to stop."""
    for handler in logging.getLogger().handlers:
        handler.close()
    os._exit(0)

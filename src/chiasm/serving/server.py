"""Server: uvicorn, ended gently."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

# For requests that were on their way on open connections when the server was told to stop.
_LINGER = 0.5


class Server(uvicorn.Server):
    """Answers all it has accepted before it ends, and ends with status 0."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connections, then answer what comes on the open ones for a moment.

        uvicorn itself would close idle connections at once, under requests just sent on them.
        """
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

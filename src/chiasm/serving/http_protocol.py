"""HttpProtocol: HTTP as uvicorn and h11 take it, but for what they let pass or drop."""

from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from chiasm.serving.middleware.security_headers import HEADERS
from chiasm.serving.problem import HTTPProblem

_LONGEST_HEAD = 16 << 10
# Closed at once, the connection could be reset before the refusal is read.
_SECONDS_TO_READ = 1.0


class _Connection(h11.Connection):
    """Refuses a head that is too long though it came at once, and one with two lengths of body."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER, _LONGEST_HEAD)
        self.refusal = HTTPProblem(400, "This is not HTTP/1.1 as it is written in RFC 9112.")

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        try:
            event = super().next_event()
            if isinstance(event, h11.Request):
                self._check(event)
        except h11.RemoteProtocolError as error:
            if error.error_status_hint == 431:
                most = _LONGEST_HEAD >> 10
                self.refusal = HTTPProblem(431, f"The head of a request may take {most} KiB.")
            raise
        return event

    def _check(self, request: h11.Request) -> None:
        # Each line has a colon, a space and two signs that end it; the first one the version.
        lines = sum(len(name) + len(value) + 4 for name, value in request.headers)
        if len(request.method) + len(request.target) + lines > _LONGEST_HEAD:
            raise h11.RemoteProtocolError("too long", error_status_hint=431)
        if {b"content-length", b"transfer-encoding"} <= {name for name, _ in request.headers}:
            # A proxy in front may have believed the other one: what follows may be smuggled.
            self.refusal = HTTPProblem(400, "Give Content-Length or Transfer-Encoding, not both.")
            raise h11.RemoteProtocolError("two lengths")


class HttpProtocol(H11Protocol):
    """A connection that ends with the first request that is refused as HTTP.

    One on which the client has finished stays until what it has asked for is answered.
    """

    _is_refused = False
    _is_half_closed = False

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.conn: _Connection = _Connection()

    def data_received(self, data: bytes) -> None:
        if not self._is_refused:
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        """Refuse, and hear no more."""
        self._is_refused = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            refusal = self.conn.refusal.response()
            headers = {**HEADERS, **refusal.headers, "Connection": "close"}
            for event in (
                h11.Response(status_code=refusal.status_code, headers=[*headers.items()]),
                h11.Data(data=bytes(refusal.body)),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.write_eof()
        self.loop.call_later(_SECONDS_TO_READ, self.transport.close)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Keep the connection for an answer that is to come."""
        waits = self.cycle is not None and not self.cycle.response_complete
        self._is_half_closed = waits and not self.cycle.more_body
        return self._is_half_closed

    def on_response_complete(self) -> None:
        """Close what the client has closed, unless a further request came before that."""
        super().on_response_complete()
        if self._is_half_closed and self.cycle.response_complete:
            self.transport.close()

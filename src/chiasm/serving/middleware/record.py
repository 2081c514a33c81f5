"""Record: one line of log and one count for each request."""

import asyncio
import logging
import secrets
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chiasm.serving.admission import RETRY_AFTER
from chiasm.serving.metrics import ServerMetrics
from chiasm.serving.middleware.security_headers import HEADERS
from chiasm.serving.problem import HTTPProblem

_logger = logging.getLogger("chiasm.serving")
# Routes that are asked for every few seconds by machines.
_QUIET = ("/healthz", "/readyz", "/metrics")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Record:
    """Names each request, times it and notes how it ended; never what was in it.

    The route is the pattern that matched, not the path that was asked for, which is the user's.
    """

    def __init__(self, app: ASGIApp, *, metrics: ServerMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = secrets.token_hex(8)
        scope["request_id"] = request_id
        status: int | None = None
        received = 0

        async def counted_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message

        async def noted_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self._app(scope, counted_receive, noted_send)
        except asyncio.CancelledError:  # the grace is over; nothing else cancels a request
            if status is not None:
                raise
            headers = {**HEADERS, **RETRY_AFTER}
            stopped = HTTPProblem(503, "The server is being stopped. Ask again.", headers=headers)
            await stopped.response()(scope, counted_receive, noted_send)
        finally:
            status = status or 500
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.requests.labels(route, method, status).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            _logger.log(
                logging.DEBUG if route in _QUIET and status < 400 else logging.INFO,
                "request",
                extra={
                    "fields": {
                        "request": request_id,
                        "method": method,
                        "route": route,
                        "status": status,
                        "milliseconds": round(seconds * 1000, 1),
                        "bytes": received,
                    }
                },
            )

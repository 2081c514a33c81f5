"""RateLimit: no client asks more often than it may."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from chiasm.serving.client import client_of_request
from chiasm.serving.problem import HTTPProblem

_PREFIX = "/v1/"
# Who has not asked for longest is forgotten first: forged addresses must not fill the memory.
_REMEMBERED = 10_000


class RateLimit:
    """A bucket of ``per_minute`` tokens for each client, filled steadily; a request takes one.

    Probes, metrics and the page are free. A batch is one request.
    """

    def __init__(
        self, app: ASGIApp, *, per_minute: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._most = per_minute
        self._clock = clock
        # address -> (tokens, when they were counted)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(_PREFIX):
            seconds = self._take(client_of_request(scope))
            if seconds > 0:
                problem = HTTPProblem(
                    429,
                    f"More than {self._most} requests a minute. Ask again in {seconds} seconds, or "
                    "send many rows at once to /v1/batch.",
                    headers={"Retry-After": str(seconds)},
                )
                await problem.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _take(self, address: str) -> int:
        """Take a token, or tell the whole seconds until there is one."""
        now = self._clock()
        tokens, then = self._buckets.pop(address, (float(self._most), now))
        # A clock that was set back takes nothing away.
        passed = max(0.0, now - then)
        tokens = min(self._most, tokens + passed * self._most / 60)
        self._buckets[address] = (tokens - 1 if tokens >= 1 else tokens, now)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        return 0 if tokens >= 1 else max(1, math.ceil((1 - tokens) * 60 / self._most))

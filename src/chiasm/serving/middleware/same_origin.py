"""SameOrigin: a page of another origin cannot make a browser ask."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from chiasm.serving.problem import HTTPProblem

_SAFE = ("GET", "HEAD", "OPTIONS")
# What a browser says of a request of the page itself, and of one that the user typed.
_OWN = ("same-origin", "none")


class SameOrigin:
    """Refuses what a browser sends for a page of another origin; programs send no such headers.

    CORS keeps such a page from reading the answer, but a form or a text is sent without asking
    first. ``Sec-Fetch-Site`` tells, or in older browsers ``Origin`` beside ``Host``.
    """

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _SAFE and self._is_foreign(scope):
            problem = HTTPProblem(
                403,
                "A page of another origin asked. Start the server with --allow-origin ORIGIN to "
                "let it.",
            )
            await problem.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_foreign(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin in self._origins or site in _OWN:
            return False
        if site is not None:
            return True
        return origin is not None and urlsplit(origin).netloc != headers.get("host")

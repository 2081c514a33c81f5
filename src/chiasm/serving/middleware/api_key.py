"""ApiKey: who does not know the key gets no further than the page."""

import hashlib
import hmac
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from chiasm.serving.problem import HTTPProblem

# What holds no data: probes, the page (which asks for the key) and the description of the API.
_OPEN = ("/healthz", "/readyz", "/openapi.json", "/")
_OPEN_FOLDER = "/page/"


class ApiKey:
    """Asks for one of the keys as ``Authorization: Bearer KEY``.

    Digests are compared, all of them and in constant time, so that the time of an answer tells
    nothing of the keys.
    """

    def __init__(self, app: ASGIApp, *, keys: Sequence[str]) -> None:
        self._app = app
        self._digests = [_digest(key.encode()) for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_open(scope["path"]) and not self._knows(scope):
            problem = HTTPProblem(
                401,
                "This server wants an API key: send the header 'Authorization: Bearer KEY'.",
                headers={"WWW-Authenticate": "Bearer"},
            )
            await problem.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _knows(self, scope: Scope) -> bool:
        scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
        given = _digest(key.strip().encode("latin-1"))
        known = [hmac.compare_digest(given, digest) for digest in self._digests]
        return any(known) and scheme.lower() == "bearer"


def _is_open(path: str) -> bool:
    return path in _OPEN or path.startswith(_OPEN_FOLDER)


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()

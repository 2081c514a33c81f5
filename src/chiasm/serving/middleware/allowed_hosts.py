"""AllowedHosts: a request must name this server, not a name that was made to point to it."""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from chiasm.serving.problem import HTTPProblem


class AllowedHosts:
    """Refuses other names in the Host header.

    Otherwise a web page elsewhere could have its own name resolved to 127.0.0.1, and read answers
    as if they were its own (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _name(Headers(scope=scope)) not in self._hosts:
            problem = HTTPProblem(
                421,
                "This server does not answer under that name. Start it with --allow-host NAME to "
                "let it.",
            )
            await problem.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _name(headers: Headers) -> str:
    """The host without its port; IPv6 addresses keep their brackets."""
    host = headers.get("host", "").lower()
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host

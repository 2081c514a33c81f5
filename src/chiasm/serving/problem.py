"""HTTPProblem: why a request was not answered, as RFC 9457 writes it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

from chiasm.errors import ChiasmError


class HTTPProblem(ChiasmError):
    """What came, what is allowed and what to do next, with the HTTP status that says it shortly."""

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers

    def bare(self) -> "HTTPProblem":
        """The same without what it came from, whose frames hold what was sent."""
        self.__cause__ = self.__context__ = None
        return self.with_traceback(None)

    def body(self) -> dict[str, Any]:
        """The members that RFC 9457 names; the status tells the type."""
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }

    def response(self) -> JSONResponse:
        """The answer to the whole request."""
        return JSONResponse(
            self.body(),
            status_code=self.status,
            headers=dict(self.headers or {}),
            media_type="application/problem+json",
        )

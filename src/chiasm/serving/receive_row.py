"""receive_row: the body of a request about one row, kept while the row is answered."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.requests import Request

from chiasm.serving.admission import Admission, full
from chiasm.serving.client import client_of_request
from chiasm.serving.limits import Limits
from chiasm.serving.parse_row import Values, parse_row
from chiasm.serving.problem import HTTPProblem
from chiasm.serving.read_body import read_body


@asynccontextmanager
async def receive_row(
    request: Request, *, admission: Admission, limits: Limits
) -> AsyncIterator[Callable[[], Values]]:
    """Give the row's parser, which is to run in a thread: base64 of megabytes takes its time.

    It can be called once, and keeps nothing of the body.

    Raises:
        HTTPProblem: 429 no room; what ``read_body`` raises.
    """
    client = client_of_request(request.scope)
    if not admission.is_open:
        raise full()  # before all of it is sent
    with admission.hold(client) as held:
        bodies = [await read_body(request, limits, held)]
        with admission.admit(client):

            def parse() -> Values:
                try:
                    return parse_row(bodies.pop(), request.headers.get("content-type", ""), limits)
                except HTTPProblem as problem:
                    raise problem.bare() from None

            yield parse

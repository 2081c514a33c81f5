"""receive_row: the body of a request about one row, kept while the row is answered."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from starlette.requests import Request

from chiasm.serving.admission import Admission
from chiasm.serving.limits import Limits
from chiasm.serving.parse_row import Values, parse_row
from chiasm.serving.read_body import declared_size, read_body


@asynccontextmanager
async def receive_row(
    request: Request, *, admission: Admission, limits: Limits
) -> AsyncIterator[Callable[[], Values]]:
    """Give the row's parser, which is to run in a thread: base64 of megabytes takes its time.

    Raises:
        Problem: 429 no room; what ``read_body`` raises.
    """
    with admission.admit(declared_size(request, limits)):
        body = await read_body(request, limits)
        yield partial(parse_row, body, request.headers.get("content-type", ""))

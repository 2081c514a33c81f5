"""read_body: the whole body of a request, no larger and no slower than allowed."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from chiasm.serving.admission import Held
from chiasm.serving.limits import Limits
from chiasm.serving.pace import Pace
from chiasm.serving.problem import HTTPProblem

# Read on and thrown away, so that a client that sends first and listens later hears why.
_DISCARDED = 64 << 20


async def read_body(request: Request, limits: Limits, held: Held) -> bytearray:
    """The body of a request, of which ``held`` counts what has arrived.

    Raises:
        HTTPProblem: 413 it is larger than ``body_bytes``, 408 it does not come in time, 415 it is
            compressed, 429 there is no room for it.
        ClientDisconnect: the connection ended before it was whole.
    """
    refuse_encoded(request)
    try:
        return await _read(request, limits, held)
    except asyncio.TimeoutError as error:
        raise HTTPProblem(
            408,
            f"The body did not arrive within {limits.receive_seconds:g} seconds, or slower than "
            f"{limits.receive_rate:g} bytes a second. Send it faster, or a smaller one.",
        ) from error


def refuse_encoded(request: Request) -> None:
    """A compressed body says nothing about its size before it is opened."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise HTTPProblem(415, "The body is compressed (Content-Encoding). Send it as it is.")


async def _read(request: Request, limits: Limits, held: Held) -> bytearray:
    body = bytearray()
    received = 0
    refused: HTTPProblem | None = None
    pace, more = Pace(limits), True
    while more:
        # Not from request.stream(), which is asked again after the last piece, for a time each.
        message = await pace.next(request.receive())
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk, more = message.get("body", b""), message.get("more_body", False)
        pace.note(len(chunk))
        received += len(chunk)
        if refused is None:
            try:
                _refuse_large(received, limits)
                held.size = received
            except HTTPProblem as problem:
                refused = problem
                body.clear()
                held.size = 0
            else:
                body += chunk
        elif received > limits.body_bytes + _DISCARDED:
            break
    if refused is not None:
        raise refused
    return body


def _refuse_large(received: int, limits: Limits) -> None:
    if received > limits.body_bytes:
        raise HTTPProblem(
            413,
            f"The body is larger than {limits.body_bytes / (1 << 20):.3g} MiB. Send a smaller "
            "image or a shorter audio.",
        )

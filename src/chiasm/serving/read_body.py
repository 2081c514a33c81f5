"""read_body: the whole body of a request, no larger and no slower than allowed."""

import asyncio

from starlette.requests import Request

from chiasm.serving.limits import Limits
from chiasm.serving.problem import Problem

# Read on and thrown away, so that a client that sends first and listens later hears why.
_DISCARDED = 64 << 20


async def read_body(request: Request, limits: Limits) -> bytes:
    """The body of a request.

    Raises:
        Problem: 413 it is larger than ``body_bytes``, 408 it did not come within
            ``receive_seconds``, 415 it is compressed.
    """
    refuse_encoded(request)
    try:
        return await asyncio.wait_for(_read(request, limits.body_bytes), limits.receive_seconds)
    except asyncio.TimeoutError as error:
        raise Problem(
            408,
            f"The body did not arrive within {limits.receive_seconds:g} seconds. Send it faster, "
            "or a smaller one.",
        ) from error


def declared_size(request: Request, limits: Limits) -> int:
    """How many bytes a request takes at most: what its header says, otherwise what is allowed."""
    declared = request.headers.get("content-length", "")
    return min(int(declared), limits.body_bytes) if declared.isdecimal() else limits.body_bytes


def refuse_encoded(request: Request) -> None:
    """A compressed body says nothing about its size before it is opened."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise Problem(415, "The body is compressed (Content-Encoding). Send it as it is.")


async def _read(request: Request, most: int) -> bytes:
    body = bytearray()
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received <= most:
            body += chunk
        elif received > most + _DISCARDED:
            break
        else:
            body.clear()
    if received > most:
        raise Problem(
            413,
            f"The body is larger than {most / (1 << 20):.3g} MiB. Send a smaller picture or a "
            "shorter sound.",
        )
    return bytes(body)

"""read_lines: the lines of a body while it arrives."""

import asyncio
from collections.abc import AsyncIterator

from chiasm.serving.limits import Limits
from chiasm.serving.problem import Problem

Line = bytes | Problem


async def read_lines(
    chunks: AsyncIterator[bytes], limits: Limits
) -> AsyncIterator[tuple[int, Line]]:
    """The lines that are not blank with their numbers from 1, or why one is not to be had.

    One line that is too long is passed over. A batch that is too long, or does not arrive, ends
    with its reason.
    """
    held = bytearray()
    number = 1
    too_long = False
    while (chunk := await _next(chunks, limits.receive_seconds)) is not None:
        if isinstance(chunk, Problem):
            yield number, chunk
            return
        *whole, rest = chunk.split(b"\n")
        for piece in whole:
            held += piece
            if number > limits.batch_rows:
                yield number, Problem(413, f"More than {limits.batch_rows:,} lines. Divide them.")
                return
            if too_long or len(held) > limits.body_bytes:
                yield number, _too_long(limits)
            elif held.strip():
                yield number, bytes(held)
            held.clear()
            too_long = False
            number += 1
        held += rest
        if len(held) > limits.body_bytes:
            held.clear()
            too_long = True
    if too_long:
        yield number, _too_long(limits)
    elif held.strip():
        yield number, bytes(held)


async def _next(chunks: AsyncIterator[bytes], seconds: float) -> Line | None:
    try:
        return await asyncio.wait_for(anext(chunks, None), seconds)
    except asyncio.TimeoutError:
        return Problem(408, f"Nothing arrived for {seconds:g} seconds. Send the rest again.")


def _too_long(limits: Limits) -> Problem:
    return Problem(413, f"A line longer than {limits.body_bytes / (1 << 20):.3g} MiB.")

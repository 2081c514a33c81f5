"""read_lines: the lines of a body while it arrives."""

import asyncio
from collections.abc import AsyncIterator

from chiasm.serving.admission import Held
from chiasm.serving.limits import Limits
from chiasm.serving.pace import Pace
from chiasm.serving.problem import HTTPProblem

Line = bytes | HTTPProblem


async def read_lines(
    chunks: AsyncIterator[bytes], limits: Limits, held: Held
) -> AsyncIterator[tuple[int, Line]]:
    """The lines that are not blank with their numbers from 1, or why one is not to be had.

    One line that is too long is passed over. A batch that is too long, does not arrive, or whose
    line, which ``held`` counts, finds no room, ends with its reason. The bytes of a line that is
    given are to be handed over.
    """
    line = bytearray()
    number = 1
    too_long = False
    pace = Pace(limits)
    try:
        while (chunk := await pace.next(anext(chunks, None), is_begun=bool(line))) is not None:
            if not line:
                pace.begin()
            *whole, rest = chunk.split(b"\n")
            for piece in whole:
                line += piece
                if number > limits.batch_rows:
                    yield (
                        number,
                        HTTPProblem(413, f"More than {limits.batch_rows:,} lines. Divide them."),
                    )
                    return
                if too_long or len(line) > limits.body_bytes:
                    held.size = 0
                    yield number, _too_long(limits)
                elif line.strip():
                    await held.hold_in_turn(len(line))
                    yield number, _taken_out(line)
                line.clear()
                held.size, too_long = 0, False
                number += 1
                pace.begin()
            pace.note(len(rest))
            line += rest
            if len(line) > limits.body_bytes:
                line.clear()
                too_long = True
            held.size = len(line)
    except asyncio.TimeoutError:
        yield number, _too_slow(limits)
        return
    except HTTPProblem as problem:  # no room
        yield number, problem
        return
    if too_long:
        yield number, _too_long(limits)
    elif line.strip():
        yield number, _taken_out(line)


def _taken_out(line: bytearray) -> bytes:
    """What is in it, which is then in it no more: a line may be long."""
    whole = bytes(line)
    line.clear()
    return whole


def _too_slow(limits: Limits) -> HTTPProblem:
    return HTTPProblem(
        408,
        f"Nothing arrived for {limits.receive_seconds:g} seconds, or a line slower than "
        f"{limits.receive_rate:g} bytes a second. Send the rest again.",
    )


def _too_long(limits: Limits) -> HTTPProblem:
    return HTTPProblem(413, f"A line longer than {limits.body_bytes / (1 << 20):.3g} MiB.")

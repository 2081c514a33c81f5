"""answer_lines: rows that arrive one after the other, answered together and in their order."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from functools import partial

from chiasm.serving.admission import Admission, Held
from chiasm.serving.problem import HTTPProblem
from chiasm.serving.read_lines import Line

# Bytes of an answer that is held, and of what holds it.
_ANSWER = 2048


async def answer_lines(
    lines: AsyncIterator[tuple[int, Line]],
    answer: Callable[[int, Line], Awaitable[bytes]],
    *,
    admission: Admission,
    client: str,
    arriving: Held,
    gone: Callable[[], Awaitable[bool]],
) -> AsyncGenerator[bytes, None]:
    """Answer lines while they still arrive.

    Rows are taken in while their answers are not yet read, since many clients send all before they
    listen; the answers that wait for one are counted, and end its batch where there is no room.
    ``arriving`` counts the line that is given.
    Whether the client is ``gone`` is asked once all lines are there.
    """
    answers: asyncio.Queue[asyncio.Future[bytes] | None] = asyncio.Queue()

    async def take_in(unread: Held) -> None:
        try:
            async for number, line in lines:
                try:
                    unread.size = _ANSWER * answers.qsize()
                except HTTPProblem as problem:
                    answers.put_nowait(asyncio.ensure_future(answer(number, problem)))
                    return
                size = await admission.enter_in_turn(client, arriving)
                task = asyncio.ensure_future(answer(number, line))
                task.add_done_callback(partial(_leave, admission, client, size))
                answers.put_nowait(task)
        finally:
            answers.put_nowait(None)

    with admission.hold(client) as unread:
        reader = asyncio.create_task(take_in(unread))
        try:
            while (task := await answers.get()) is not None:
                yield await task
                if reader.done() and await gone():
                    return
            await reader
        finally:
            reader.cancel()
            while not answers.empty():
                if task := answers.get_nowait():
                    task.cancel()


def _leave(admission: Admission, client: str, size: int, _: object) -> None:
    # A callback, since a task that is cancelled before it began runs no code of its own.
    admission.leave(client, size)

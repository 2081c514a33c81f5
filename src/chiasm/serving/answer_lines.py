"""answer_lines: rows that arrive one after the other, answered together and in their order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

from chiasm.serving.admission import Admission
from chiasm.serving.read_lines import Line


async def answer_lines(
    lines: AsyncIterator[tuple[int, Line]],
    answer: Callable[[int, Line], Awaitable[bytes]],
    *,
    admission: Admission,
    gone: Callable[[], Awaitable[bool]],
) -> AsyncIterator[bytes]:
    """Answer lines while they still arrive.

    Rows are taken in while their answers are not yet read: many clients send all before they
    listen. The answers that wait for such a one are small, and no more than a batch has rows.
    Whether the client is ``gone`` is asked once all lines are there.
    """
    answers: asyncio.Queue[asyncio.Future[bytes] | None] = asyncio.Queue()

    async def take_in() -> None:
        try:
            async for number, line in lines:
                size = len(line) if isinstance(line, bytes) else 0
                await admission.enter_in_turn(size)
                task = asyncio.ensure_future(answer(number, line))
                task.add_done_callback(partial(_leave, admission, size))
                answers.put_nowait(task)
        finally:
            answers.put_nowait(None)

    reader = asyncio.create_task(take_in())
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


def _leave(admission: Admission, size: int, _: object) -> None:
    # A callback, since a task that is cancelled before it began runs no code of its own.
    admission.leave(size)

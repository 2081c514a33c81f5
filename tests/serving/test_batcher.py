import asyncio
import threading
from collections.abc import Sequence

import pytest

from chiasm.serving.batcher import Batcher
from chiasm.serving.model_failure import ModelFailure


class Work:
    """Doubles numbers, in batches that can be held up and looked at."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.begun = threading.Event()

    def __call__(self, rows: Sequence[int]) -> list[int]:
        self.begun.set()
        assert self.go_on.wait(20)
        self.batches.append(list(rows))
        if any(row < 0 for row in rows):
            raise ValueError("negative")
        return [2 * row for row in rows]


def batcher(work: Work, **settings: object) -> Batcher:
    given = {"max_batch": 4, "max_wait": 0.0, "observe": lambda rows, seconds: None, **settings}
    return Batcher(work, **given)


async def ask(of: Batcher, *rows: int) -> list[object]:
    waiting = [of.submit(row) for row in rows]
    return await asyncio.gather(*waiting, return_exceptions=True)


def run_behind_one(work: Work, of: Batcher, *rows: int) -> list[object]:
    """Ask for rows while the model is busy with another."""

    async def run() -> list[object]:
        work.go_on.clear()
        first = asyncio.create_task(ask(of, 0))
        await asyncio.to_thread(work.begun.wait, 20)
        rest = asyncio.create_task(ask(of, *rows))
        await asyncio.sleep(0.05)
        work.go_on.set()
        await first
        return await rest

    answers = asyncio.run(run())
    of.close()
    return answers


def test_rows_that_wait_go_together() -> None:
    work = Work()
    answers = run_behind_one(work, batcher(work), 9, 1, 8, 2, 7, 3)
    assert answers == [18, 2, 16, 4, 14, 6]
    assert work.batches == [[0], [9, 1, 8, 2], [7, 3]]


def test_a_row_that_breaks_the_model_breaks_no_other() -> None:
    work = Work()
    answers = run_behind_one(work, batcher(work), 1, -2, 3)
    assert answers[::2] == [2, 6]
    assert isinstance(answers[1], ModelFailure)
    assert isinstance(answers[1].__cause__, ValueError)


def test_an_idle_model_waits_for_more() -> None:
    work = Work()
    of = batcher(work, max_wait=0.5)
    asyncio.run(ask(of, 1, 2, 3, 4))
    of.close()
    assert work.batches == [[1, 2, 3, 4]]


def test_closing_answers_what_waits() -> None:
    work = Work()
    of = batcher(work)

    async def run() -> list[object]:
        work.go_on.clear()
        waiting = asyncio.create_task(ask(of, *range(20)))
        await asyncio.to_thread(work.begun.wait, 20)
        closing = asyncio.create_task(asyncio.to_thread(of.close))
        await asyncio.sleep(0.05)
        work.go_on.set()
        await closing
        return await waiting

    assert asyncio.run(run()) == [2 * row for row in range(20)]
    assert not of.alive


def test_rows_whose_client_gave_up_are_not_computed() -> None:
    work = Work()
    of = batcher(work)

    async def run() -> None:
        work.go_on.clear()
        first = asyncio.create_task(ask(of, 0))
        await asyncio.to_thread(work.begun.wait, 20)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(of.submit(7), 0.05)
        work.go_on.set()
        await first

    asyncio.run(run())
    of.close()
    assert work.batches == [[0]]


def test_what_comes_then_waits_for_the_work_of_a_row_that_was_given_up() -> None:
    work = Work()
    of = batcher(work)
    ended: list[str] = []

    async def run() -> None:
        work.go_on.clear()
        begun = asyncio.create_task(of.submit(1, then=lambda: ended.append("begun")))
        await asyncio.to_thread(work.begun.wait, 20)
        waiting = asyncio.create_task(of.submit(2, then=lambda: ended.append("waiting")))
        await asyncio.sleep(0.05)
        for task in (begun, waiting):
            task.cancel()
        await asyncio.gather(begun, waiting, return_exceptions=True)
        await asyncio.sleep(0.05)
        assert ended == ["waiting"]  # which needs nothing any more
        work.go_on.set()
        await asyncio.to_thread(of.close)
        await asyncio.sleep(0.05)
        assert ended == ["waiting", "begun"]

    asyncio.run(run())

"""Batcher: rows of many requests go through the model together."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from chiasm.serving.model_failure import ModelFailure

Work = Callable[[Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True)
class _Job:
    row: Any
    answer: "Future[Any]" = field(default_factory=Future)


class Batcher:
    """One thread runs the model, on as many of the waiting rows at a time as it may.

    While the model works, the rows of other requests gather; ``max_wait`` only matters to an idle
    server. How many may gather is for ``Admission`` to say. The thread begins with the first row:
    before, a server may fork.

    Args:
        work: answers all the rows it is given.
        max_batch: rows in one call.
        max_wait: seconds that an idle model waits for more rows after the first.
        observe: is told the rows and the seconds of each call.
    """

    def __init__(
        self,
        work: Work,
        *,
        max_batch: int,
        max_wait: float,
        observe: Callable[[int, float], None],
    ) -> None:
        self._work = work
        self._max_batch = max_batch
        self._max_wait = max_wait
        self._observe = observe
        self._waiting: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """Whether the thread still takes rows."""
        return self._thread is None or self._thread.is_alive()

    async def submit(self, row: Any, *, then: Callable[[], None] | None = None) -> Any:
        """The answer to this row, which may share its call with others.

        ``then`` is called once the row is no longer worked on, which may be after its client has
        given up.

        Raises:
            ModelFailure: the work raised for this row, even when it was alone.
        """
        job = _Job(row)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="model", daemon=True)
            self._thread.start()
        if then is not None:
            soon = asyncio.get_running_loop().call_soon_threadsafe
            job.answer.add_done_callback(lambda _: soon(then))
        self._waiting.put(job)
        return await asyncio.wrap_future(job.answer)

    def close(self) -> None:
        """Answer what waits, then end the thread."""
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while jobs := self._take():
            # One whose client has given up is not worth the model's time.
            live = [job for job in jobs if job.answer.set_running_or_notify_cancel()]
            if live:
                self._answer(live)

    def _take(self) -> list[_Job]:
        """What waits, from one job to a batch of them; none once the batcher was closed."""
        jobs: list[_Job] = []
        until = 0.0
        while len(jobs) < self._max_batch:
            patience = max(0.0, until - time.monotonic()) if jobs else None
            try:
                job = self._waiting.get(timeout=patience)
            except Empty:
                break
            if job is None:
                if jobs:
                    self._waiting.put(None)  # for the next time
                break
            if not jobs:
                until = time.monotonic() + self._max_wait
            jobs.append(job)
        return jobs

    def _answer(self, jobs: Sequence[_Job]) -> None:
        started = time.perf_counter()
        try:
            answers = self._work([job.row for job in jobs])
        except Exception as error:  # belongs to the requests; the thread goes on
            if len(jobs) == 1:
                failure = ModelFailure(type(error).__name__)
                failure.__cause__ = error
                jobs[0].answer.set_exception(failure)
                return
            # A row that breaks the model must not break the others of its batch.
            for job in jobs:
                self._answer([job])
            return
        self._observe(len(jobs), time.perf_counter() - started)
        for job, answer in zip(jobs, answers, strict=True):
            job.answer.set_result(answer)

"""run_on_actors: many independent tasks on the machines of a cluster."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from chiasm.errors import ChiasmError
from chiasm.utils.extras import needs_extra

with needs_extra("scale", "Computing on a cluster needs the package ray"):
    import ray
    import ray.data

_Task = TypeVar("_Task")
# Numbers, strings and bytes by name: what goes between machines without being pickled.
Outcome: TypeAlias = dict[str, Any]


def run_on_actors(
    work: Callable[[_Task], Outcome], tasks: Sequence[_Task]
) -> Iterator[tuple[int, Outcome]]:
    """What ``work`` makes of each task, by its number among the tasks, as soon as it is done.

    Each actor has a copy of ``work``, which keeps what it has loaded, and one core, or one GPU in a
    cluster that has any. A task whose actor or machine dies is done again by another.

    Raises:
        ChiasmError: ``work`` raised it.
    """
    if not tasks:
        return
    settings = ray.data.DataContext.get_current()
    settings.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    resources = ray.cluster_resources()  # type: ignore[no-untyped-call]
    share: dict[str, Any] = {"num_gpus": 1} if resources.get("GPU") else {"num_cpus": 1}
    actors = int(resources.get("GPU") or resources["CPU"])
    numbered = [{"number": number, "task": task} for number, task in enumerate(tasks)]
    # A block a task: what is done again is one task, and all actors have something to do.
    given = ray.data.from_items(numbered, override_num_blocks=len(tasks))
    done = given.map(
        _Actor,  # type: ignore[arg-type]
        fn_constructor_args=(work,),
        concurrency=min(actors, len(tasks)),
        **share,
    )
    for outcome in done.iter_rows():
        if outcome["error"] is not None:
            raise ChiasmError(outcome["error"])
        yield outcome["number"], outcome


class _Actor:
    def __init__(self, work: Callable[[Any], Outcome]) -> None:
        self._work = work

    def __call__(self, row: dict[str, Any]) -> Outcome:
        try:
            outcome = self._work(row["task"])
        except ChiasmError as error:
            # Ray would wrap it in its own errors, of which only the text arrives.
            return {"number": row["number"], "error": str(error)}
        return {"number": row["number"], "error": None, **outcome}

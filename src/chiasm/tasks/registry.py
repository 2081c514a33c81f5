"""Which tasks there are, and which one is at hand."""

from collections.abc import Mapping
from typing import Any

from chiasm.data.table import Table
from chiasm.errors import ChiasmError
from chiasm.tasks.base import Task
from chiasm.tasks.multiclass import Multiclass
from chiasm.utils.arrays import Indices

TASKS: dict[str, type[Task]] = {task.name: task for task in (Multiclass,)}


def learn_task(table: Table, rows: Indices) -> Task:
    """The task that the labels of these rows set."""
    return Multiclass.of(table, rows)


def parse_task(config: Mapping[str, Any]) -> Task:
    """The task of a written model; those of earlier versions name none, and are of classes.

    Raises:
        ChiasmError: this version does not know the task.
        KeyError, TypeError, ValueError: the configuration is not as it was written.
    """
    name = config.get("task", Multiclass.name)
    if name not in TASKS:
        raise ChiasmError(
            f"The model is of the task {name!r}, which this version of chiasm does not know. It "
            f"knows {', '.join(TASKS)}. Use the version that wrote it."
        )
    return TASKS[name].parse(config)

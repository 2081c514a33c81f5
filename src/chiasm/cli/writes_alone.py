"""writes_alone: a command to whose outputs no other process writes."""

import functools
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar, cast

from chiasm.cli.named_inputs import named_inputs
from chiasm.cli.screen import is_silent
from chiasm.utils.locking import exclusive_lock
from chiasm.utils.outputs import spare_inputs

_Command = TypeVar("_Command", bound=Callable[..., Any])
# What commands call their outputs, and whether it is a folder.
_OUTPUTS = {"out": True, "json": False}


def writes_alone(command: _Command) -> _Command:
    """Keep the folder ``out`` and the file ``json`` for a command until it ends, where it has them.

    Neither may be what it reads. Others of one ``torchrun`` may write there too.
    """

    @functools.wraps(command)
    def alone(**given: Any) -> Any:
        spare_inputs((given.get(name) for name in _OUTPUTS), named_inputs(given))
        with ExitStack() as kept:
            for name, folder in _OUTPUTS.items():
                # Of several processes that torchrun started, the first one keeps it for all.
                if given.get(name) is not None and not is_silent:
                    kept.enter_context(exclusive_lock(given[name], folder=folder))
            return command(**given)

    return cast(_Command, alone)

"""writes_alone: a command to whose folder no other process writes."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from chiasm.sole_writer import sole_writer

_Command = TypeVar("_Command", bound=Callable[..., Any])


def writes_alone(command: _Command) -> _Command:
    """Keep the folder ``out`` for a command until it ends."""

    @functools.wraps(command)
    def alone(*, out: Path, **given: Any) -> Any:
        with sole_writer(out, folder=True):
            return command(out=out, **given)

    return cast(_Command, alone)

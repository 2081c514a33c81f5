"""writes_alone: a command to whose folder no other process writes."""

import functools
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar, cast

from chiasm.cli.screen import is_silent
from chiasm.sole_writer import sole_writer

_Command = TypeVar("_Command", bound=Callable[..., Any])


def writes_alone(command: _Command) -> _Command:
    """Keep the folder ``out`` for a command until it ends, and for others of one ``torchrun``."""

    @functools.wraps(command)
    def alone(*, out: Path, **given: Any) -> Any:
        # Of several processes that torchrun started, the first one keeps it for all.
        with nullcontext() if is_silent else sole_writer(out, folder=True):
            return command(out=out, **given)

    return cast(_Command, alone)

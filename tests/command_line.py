"""The command line, called from a test."""

import pytest

from chiasm.cli import run


def chiasm(*arguments: object) -> int:
    """The exit status of a command."""
    with pytest.raises(SystemExit) as ended:
        run([str(argument) for argument in arguments])
    return int(ended.value.code or 0)

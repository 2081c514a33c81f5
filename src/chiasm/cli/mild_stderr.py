"""mild_stderr: what is said about the work never stops it."""

import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any


class _Mild(io.FileIO):
    """Takes what the system does not: a disk is full, or who reads has gone."""

    def write(self, written: Any) -> int:
        with suppress(OSError):
            super().write(written)
        return len(written)


def mild_stderr() -> None:
    """Have the work go on where stderr cannot be written, or was closed."""
    stderr = sys.stderr
    if stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    elif stderr is sys.__stderr__ and stderr is not None:
        raw = _Mild(stderr.fileno(), "w", closefd=False)
        sys.stderr = io.TextIOWrapper(
            io.BufferedWriter(raw),
            encoding=stderr.encoding,
            errors=stderr.errors,
            line_buffering=True,
        )

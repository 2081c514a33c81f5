"""json_log: one JSON object a line, without anything that a user sent."""

import json
import logging
import logging.config
import os
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from threading import Thread
from typing import Any, TextIO

from chiasm.serving.log_writer import LogWriter

_logger = logging.getLogger(__name__)
_STDERR = 2
# The innermost frames of an error: recursion has a thousand.
_MOST_FRAMES = 20
_is_open = False


class JsonFormatter(logging.Formatter):
    """A record as JSON: the first line of its message, and the ``fields`` given in ``extra``.

    Of an exception only its type and where it was raised: its message may quote the input, and so
    may what asyncio adds in further lines.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname.lower(),
            "event": record.getMessage().partition("\n")[0],
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            error: BaseException | None = record.exc_info[1]
            while error:
                frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
                line.setdefault("errors", []).append(
                    {
                        "type": type(error).__name__,
                        "at": [f"{f.filename}:{f.lineno} {f.name}" for f in frames],
                    }
                )
                error = error.__cause__
        return json.dumps(line)


@contextmanager
def json_log() -> Iterator[None]:
    """Have all that this process and those it starts say on stderr written as JSON, or counted.

    Within another one it does nothing. What is said after it goes to stderr again.
    """
    global _is_open
    if _is_open:
        yield
        return
    _is_open = True
    try:
        with _only_ours() as stderr, _warnings_told():
            logging.config.dictConfig(_configuration(stderr))
            try:
                yield
            finally:
                for handler in logging.getLogger().handlers:
                    handler.close()
    finally:
        _is_open = False


def _configuration(stderr: int) -> dict[str, Any]:
    own = {"handlers": ["stderr"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {"stderr": {"()": LogWriter, "descriptor": stderr, "formatter": "json"}},
        # The form parser warns of what it refuses, quoting it.
        "loggers": {"chiasm": own, "uvicorn": own, "python_multipart": {"level": "ERROR"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
    }


@contextmanager
def _only_ours() -> Iterator[int]:
    """The descriptor of stderr, while whatever else is written there ends in a pipe of ours."""
    _occupy_stderr()
    stderr = os.dup(_STDERR)
    source, sink = os.pipe()
    if hasattr(os, "set_blocking"):
        # C code that holds Python's lock would wait for ever for the thread that reads.
        os.set_blocking(sink, False)
    os.dup2(sink, _STDERR)
    os.close(sink)
    Thread(target=_hear, args=(source,), name="stderr", daemon=True).start()
    try:
        yield stderr
    finally:
        # It is not closed: a writer that waits for a stalled reader still has it.
        os.dup2(stderr, _STDERR)


def _occupy_stderr() -> None:
    """Where stderr was closed, the next file would get its number, and the log with it."""
    try:
        os.fstat(_STDERR)
    except OSError:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, _STDERR)
        if nothing != _STDERR:
            os.close(nothing)


def _hear(source: int) -> None:
    """Tell that a library wrote to stderr, but not what: it may quote the input."""
    with open(source, "rb", buffering=0) as written:
        while said := written.read(1 << 16):
            _logger.warning("a library wrote to stderr", extra={"fields": {"bytes": len(said)}})


@contextmanager
def _warnings_told() -> Iterator[None]:
    """Log the kind and place of each warning of Python, and remember none.

    By default Python keeps the text of each, which has sizes in it, for as long as it runs.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = _tell_warning
        yield


def _tell_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    _logger.warning("a library warned: %s at %s:%d", category.__name__, filename, lineno)

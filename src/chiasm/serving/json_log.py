"""json_log: one JSON object a line, without anything that a user sent."""

import json
import logging
import traceback
from datetime import datetime, timezone
from typing import Any


class JsonFormatter(logging.Formatter):
    """A record as JSON: its message, and the ``fields`` given in ``extra``.

    Of an exception only its type and where it was raised: its message may quote the input.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            error: BaseException | None = record.exc_info[1]
            while error:
                frames = traceback.extract_tb(error.__traceback__)
                line.setdefault("errors", []).append(
                    {
                        "type": type(error).__name__,
                        "at": [f"{f.filename}:{f.lineno} {f.name}" for f in frames],
                    }
                )
                error = error.__cause__
        return json.dumps(line)


def json_log() -> dict[str, Any]:
    """The configuration that ``logging.config.dictConfig`` and uvicorn take."""
    own = {"handlers": ["stderr"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        # The form parser warns of what it refuses, quoting it.
        "loggers": {"chiasm": own, "uvicorn": own, "python_multipart": {"level": "ERROR"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
    }

"""LogWriter: lines of log on their way to stderr, for which nothing waits."""

import logging
import os
import queue
import stat
import sys
import time
from collections import Counter
from threading import Event, Thread

from chiasm.utils.extras import needs_extra

with needs_extra("serve", "Serving needs a web server"):
    from prometheus_client import Counter as Metric

_MOST_WAITING = 4_000
# A tenth of a second's worth, and so 1,000 a second.
_LINES_AT_ONCE, _PAUSE = 100, 0.1
# Of warnings that say the same, and of what is said at all, in so many seconds.
_MOST_EQUAL, _MOST_KINDS, _WINDOW = 10, 1_000, 60.0
_SECONDS_TO_FLUSH = 1.0
_SECONDS_TO_TELL = 10.0

LEFT_OUT = Metric("chiasm_log_lines_left_out", "Lines of log that were not written.", registry=None)


class LogWriter(logging.Handler):
    """Writes to a descriptor from a thread of its own, since who reads it may stall.

    Lines beyond a bound are left out: those that wait, those a second, and warnings that say the
    same as ten others of the last minute. A later line tells how many since the start.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        _append(descriptor)
        self._descriptor = descriptor
        self._lines: queue.Queue[bytes] = queue.Queue(_MOST_WAITING)
        self._seen: Counter[tuple[str, str]] = Counter()
        self._forget = self._tell = 0.0
        self._left_out = self._told = 0
        self._cut = b""
        self._closing = Event()
        self._thread = Thread(target=self._write_on, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Have a record written some time, or count it."""
        if self._is_one_too_many(record):
            self._leave_out(1)
            return
        try:
            self._lines.put_nowait(self._line(record))
        except queue.Full:
            self._leave_out(1)

    def close(self) -> None:
        """Write what waits, within a second."""
        self._closing.set()
        self._thread.join(_SECONDS_TO_FLUSH)
        super().close()

    def _is_one_too_many(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return False
        if (now := time.monotonic()) > self._forget:
            self._seen.clear()
            self._forget = now + _WINDOW
        said = record.name, record.getMessage().partition("\n")[0]
        if said not in self._seen and len(self._seen) == _MOST_KINDS:
            return True
        self._seen[said] += 1
        return self._seen[said] > _MOST_EQUAL

    def _leave_out(self, lines: int) -> None:
        self._left_out += lines
        LEFT_OUT.inc(lines)

    def _line(self, record: logging.LogRecord) -> bytes:
        return self.format(record).encode() + b"\n"

    def _write_on(self) -> None:
        while not self._closing.wait(_PAUSE):
            self._write(self._take(_LINES_AT_ONCE))
        self._write(self._take(_MOST_WAITING))

    def _take(self, most: int) -> bytes:
        lines = [self._lines.get_nowait() for _ in range(min(self._lines.qsize(), most))]
        is_time = self._closing.is_set() or time.monotonic() > self._tell
        if self._left_out > self._told and is_time:
            self._told = self._left_out
            self._tell = time.monotonic() + _SECONDS_TO_TELL
            lines.append(self._line(_tell_left_out(self._told)))
        return b"".join(lines)

    def _write(self, lines: bytes) -> None:
        """Go on where the descriptor takes no more: a disk is full, or nobody reads."""
        waiting = self._cut + lines
        try:
            while waiting:
                written = os.write(self._descriptor, waiting)
                is_cut = waiting[written - 1 : written] != b"\n"
                waiting = waiting[written:]
                self._cut = waiting[: waiting.index(b"\n") + 1] if is_cut else b""
        except OSError:
            # A line that was begun is ended once there is room.
            self._leave_out(waiting.count(b"\n") - bool(self._cut))


def _append(descriptor: int) -> None:
    """Have lines written to the end of a file: log rotation may cut it meanwhile."""
    if sys.platform == "win32" or not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return
    import fcntl

    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_APPEND)


def _tell_left_out(lines: int) -> logging.LogRecord:
    return logging.makeLogRecord(
        {
            "name": __name__,
            "levelno": logging.WARNING,
            "levelname": "WARNING",
            "msg": "lines of log were left out",
            "fields": {"lines": lines},
        }
    )

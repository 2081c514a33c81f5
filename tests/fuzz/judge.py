"""try_once: whether a way in keeps its contract on one input."""

import resource
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chiasm.errors import ChiasmError
from tests.fuzz.targets import Target, lay_out

SECONDS = 20
MEGABYTES = 700


class TooSlow(BaseException):
    """Beyond any ``except Exception``."""


def try_once(target: Target, files: dict[str, bytes], place: Path) -> tuple[str, str | None]:
    """ "read" or the kind of error in words, and what broke the contract, if something did."""
    lay_out(files, place)
    before = _peak()
    try:
        with _limited():
            target.use(place)
    except ChiasmError as error:
        said = str(error)
        outcome = type(error).__name__
        broken = None if said.strip() else "an error without words"
    except TooSlow:
        outcome, broken = "hung", f"more than {SECONDS} seconds"
    except BaseException:
        outcome, broken = "raised", traceback.format_exc()[-1500:]
    else:
        outcome, broken = "read", None
    if _peak() - before > MEGABYTES:
        broken = broken or f"{_peak() - before:.0f} MB of memory"
    return outcome, broken


@contextmanager
def _limited() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlow

    earlier = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, earlier)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

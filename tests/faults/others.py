"""Faults other than a kill: full disks, forbidden places, damaged files, rivals, clocks."""

import contextlib
import os
import random
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.faults.forked import Ended, Hung, Moment, Place
from tests.faults.kills import Reference, evaluate_systems, fails_in_words, run, shorten, start
from tests.faults.scenarios import copy

_NOBODY = 65534
_DECADE = 10 * 365 * 24 * 3600.0


@dataclass(frozen=True)
class Outcome:
    """What became of a fault: the command went on all the same, or said in words why not; and what
    was ``lost``, if anything.
    """

    refused: bool
    lost: str | None


Fault = Callable[[Reference, Path, random.Random], Outcome]


def small_files(reference: Reference, folder: Path, chance: random.Random) -> Outcome:
    """No file may grow beyond some size."""
    # What it says must fit.
    limit = int(2 ** chance.uniform(14, 22))

    def restrict() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    return _recover(reference, _begin(reference, folder), restrict)


def full_disk(reference: Reference, folder: Path, chance: random.Random) -> Outcome:
    """A disk that fills up, sooner or later; then there is room again."""
    size = int(2 ** chance.uniform(14, 24))
    place = _begin(reference, folder)
    with _mounted(folder, size + _size_of(folder)):
        ended = _end(reference, place)
        kept = folder.with_name("kept")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept)
    shutil.rmtree(folder)
    kept.rename(folder)
    return _after(reference, place, ended)


def read_only_output(reference: Reference, folder: Path, chance: random.Random) -> Outcome:
    """A place where nothing may be written, though there is an earlier result."""
    place = _begin(reference, folder)
    out = place.folder / reference.scenario.out
    return _recover(reference, place, _as_another(out, place))


def read_only_cache(reference: Reference, folder: Path, chance: random.Random) -> Outcome:
    """A cache that may be read and not written."""
    place = _begin(reference, folder)
    return _recover(reference, place, _as_another(place.cache, place))


def cut_cache(reference: Reference, folder: Path, chance: random.Random) -> Outcome:
    """A cache file that is shorter than it was."""
    place = _begin(reference, folder)
    file = _cache_file(place)
    os.truncate(file, int(file.stat().st_size * chance.random()))
    return _recover(reference, place, empty=True)


def flipped_cache(reference: Reference, folder: Path, chance: random.Random) -> Outcome:
    """A cache file in which some bits are not what they were."""
    place = _begin(reference, folder)
    file = _cache_file(place)
    size = file.stat().st_size
    with file.open("r+b") as opened:
        for _ in range(chance.choice((1, 10, 1000))):
            opened.seek(where := chance.randrange(size))
            (byte,) = opened.read(1)
            opened.seek(where)
            opened.write(bytes([byte ^ 1 << chance.randrange(8)]))
    return _recover(reference, place, empty=True)


def two_on_one_cache(reference: Reference, folder: Path, chance: random.Random) -> Outcome:
    """Two of the same command at once, with one cache; one of them is killed."""
    first = reference.place(folder)
    (folder / "second").mkdir()
    second = Place(folder / "second", first.cache)
    one, other = start(reference.scenario, first), start(reference.scenario, second)
    one.end(kill=Moment("start", chance.uniform(0, 2 * reference.ended.seconds)))
    ended = other.end()
    lost = evaluate_systems(ended, reference, second, second.folder / reference.scenario.out)
    if lost is None:
        return _after(reference, first, run(reference.scenario, first))
    return Outcome(fails_in_words(ended), lost)


def two_on_one_output(reference: Reference, folder: Path, chance: random.Random) -> Outcome:
    """The same command twice at once, to one place."""
    place = _begin(reference, folder)
    rival = Place(folder / "rival", place.cache)
    rival.folder.mkdir()
    out = place.folder / reference.scenario.out
    one = start(reference.scenario, place)
    time.sleep(chance.uniform(0, reference.ended.seconds))
    other = start(reference.scenario, rival, out=out)
    ended = [one.end(), other.end()]
    for each in ended:
        if each.status and not fails_in_words(each):
            return Outcome(False, shorten(each.said))
    if all(each.status for each in ended):
        return Outcome(True, "both were refused")
    done = next(each for each in ended if not each.status)
    return Outcome(any(e.status for e in ended), evaluate_systems(done, reference, place, out))


def clock_jumps(reference: Reference, folder: Path, chance: random.Random) -> Outcome:
    """A kill, then files from the future and the past, and a clock that jumps back and forth."""
    place = _begin(reference, folder)
    run(reference.scenario, place, kill=Moment("start", reference.ended.seconds * chance.random()))
    for path in folder.rglob("*"):
        if not path.is_symlink():
            moment = time.time() + chance.uniform(-_DECADE, _DECADE)
            os.utime(path, (moment, moment))

    def jump() -> None:
        real = time.time
        time.time = lambda: real() + chance.uniform(-_DECADE, _DECADE)

    return _recover(reference, place, jump)


def dead_worker(reference: Reference, folder: Path, chance: random.Random) -> Outcome:
    """One of the processes of a command is killed, as the system does for want of memory."""
    place = _begin(reference, folder)
    child = start(reference.scenario, place)
    deadline = time.monotonic() + 60
    workers: list[psutil.Process] = []
    # It may be over before one is found.
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(child.process)
        while not workers and time.monotonic() < deadline:
            workers = [p for p in parent.children() if "popen_loky" in " ".join(p.cmdline())]
            time.sleep(0.02)
        time.sleep(chance.uniform(0, reference.ended.seconds))
        for worker in workers[:1]:
            worker.kill()
    return _after(reference, place, child.end())


def _begin(reference: Reference, folder: Path) -> Place:
    place = reference.place(folder)
    if reference.earlier is not None:
        copy(reference.earlier, place.folder / reference.scenario.out)
    return place


def _end(
    reference: Reference, place: Place, prepare: Callable[[], None] | None = None
) -> Ended | None:
    try:
        return start(reference.scenario, place, prepare=prepare).end()
    except Hung:
        return None


def _recover(
    reference: Reference,
    place: Place,
    prepare: Callable[[], None] | None = None,
    *,
    empty: bool = False,
) -> Outcome:
    """Run with the fault; where that is refused, run without it (and with an ``empty`` cache)."""
    ended = _end(reference, place, prepare)
    for path in (place.folder, *place.folder.rglob("*")):
        path.chmod(0o755)
    if ended is not None and ended.status and empty:
        shutil.rmtree(place.cache)
    return _after(reference, place, ended)


def _after(reference: Reference, place: Place, ended: Ended | None) -> Outcome:
    scenario = reference.scenario
    out = place.folder / scenario.out
    if ended is None:
        return Outcome(False, "it hung")
    if ended.status == 0:
        return Outcome(False, evaluate_systems(ended, reference, place, out))
    if not fails_in_words(ended):
        return Outcome(False, f"status {ended.status}: {shorten(ended.said)}")
    if reference.earlier is not None:
        lost = scenario.intact(out, reference.earlier, reference.out)
        if lost is not None:
            return Outcome(True, lost)
    return Outcome(True, evaluate_systems(run(scenario, place), reference, place, out))


def _as_another(forbidden: Path, place: Place) -> Callable[[], None]:
    """Become a user who may write everywhere but there."""
    for path in (place.folder, *place.folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o777 if path.is_dir() else 0o666)
    holder = forbidden if forbidden.is_dir() else forbidden.parent
    for path in (holder, *holder.rglob("*")):
        if path == holder or holder != place.folder:
            path.chmod(0o555 if path.is_dir() else 0o444)

    def become() -> None:
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)

    return become


@contextmanager
def _mounted(folder: Path, size: int) -> Iterator[None]:
    """A disk of that many bytes in the place of a folder, with what is in it."""
    held = folder.with_name("held")
    folder.rename(held)
    folder.mkdir()
    options = f"size={size // 4096 * 4096}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    try:
        shutil.copytree(held, folder, dirs_exist_ok=True)
        shutil.rmtree(held)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 + 4096 for path in folder.rglob("*"))


def _cache_file(place: Place) -> Path:
    (file,) = place.cache.glob("*/data.mdb")
    return file


# A scenario by its stage and place.
_EVERY = (("train", 0), ("compare", 0), ("predict", 0), ("export", 0), ("train", 1))
_TRAIN, _COMPARE = (("train", 0), ("train", 1)), (("compare", 2),)
_PREDICT, _ENCODE = (("predict", 0),), (("encode", 0),)
NEEDS_ROOT = ("the disk is full",)
FAULTS: dict[str, tuple[Fault, Sequence[tuple[str, int]]]] = {
    "no file may grow": (small_files, _EVERY),
    "the disk is full": (full_disk, _EVERY),
    "the output is read-only": (read_only_output, _EVERY),
    "the cache is read-only": (read_only_cache, (*_PREDICT, *_ENCODE)),
    "the cache file is cut short": (cut_cache, _PREDICT),
    "bits of the cache file are flipped": (flipped_cache, _PREDICT),
    "one of two processes on one cache is killed": (two_on_one_cache, _ENCODE),
    "two processes on one output": (two_on_one_output, _EVERY),
    "files and clock jump by years": (clock_jumps, _TRAIN),
    "a training process is killed": (dead_worker, _COMPARE),
}

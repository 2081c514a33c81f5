"""How many processor cores this process may use."""

import math
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

# A container allows a server a hundred processes or so, and each thread counts as one.
_MOST_TO_SERVE = 16


def count_cores(system: Path = Path("/")) -> int:
    """Those of its CPU affinity, or fewer where its container has a quota of fewer.

    A part of a core counts as one. ``system`` is the root below which ``proc`` and ``sys`` lie.
    """
    if hasattr(os, "sched_getaffinity"):
        given = len(os.sched_getaffinity(0))
    else:
        given = os.cpu_count() or 1
    return max(1, math.ceil(min([given, *_quotas(system)])))


@cache
def count_serving_cores() -> int:
    """Those on which exported networks run beside each other: ``count_cores``, but at most 16.

    They are counted once: each call of a model asks several times, and control groups are files.
    """
    return min(count_cores(), _MOST_TO_SERVE)


def _quotas(system: Path) -> Iterator[float]:
    """Cores that the control groups of this process are given, its own and those above it."""
    mounts = system / "sys/fs/cgroup"
    try:
        # A group is called as its maker likes, by spaces and bytes of no text too.
        groups = os.fsdecode((system / "proc/self/cgroup").read_bytes()).splitlines()
    except OSError:  # not Linux
        return
    for _, controllers, path in (group.split(":", 2) for group in groups if group.count(":") > 1):
        if controllers == "":
            names, folders = ["cpu.max"], [mounts]
        elif "cpu" in controllers.split(","):
            # Some systems name the folder otherwise than the controllers, but link to it.
            names = ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
            folders = [mounts / controllers, mounts / "cpu"]
        else:
            continue
        for mount in folders:
            # A container may see its own group as the root: then the path leads nowhere.
            group = mount / path.lstrip("/")
            for folder in (group, *group.parents[: len(group.relative_to(mount).parts)]):
                yield from _quota([folder / name for name in names])


def _quota(files: list[Path]) -> Iterator[float]:
    """The cores that a quota comes to; nothing where it is none, or not as the kernel writes it."""
    try:
        said = " ".join(file.read_text(encoding="ascii") for file in files).split()
    except (OSError, UnicodeDecodeError):
        return
    if len(said) == 2 and all(number.isdecimal() and int(number) for number in said):
        yield int(said[0]) / int(said[1])

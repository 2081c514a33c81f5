"""count_cores: how many processor cores this process may use."""

import os


def count_cores() -> int:
    """Those it was given, where the system tells; otherwise all there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

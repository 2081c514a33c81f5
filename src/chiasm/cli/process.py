"""What the command line sets for its whole process: the library changes nothing of it."""

import os

from chiasm.utils.cores import count_cores


def set_environment() -> None:
    """Set what libraries read when they are imported, where the user has not."""
    settings = {
        # How often a thread of torch looks whether the others are done before it sleeps. By default
        # it looks for milliseconds, and a training beside other work takes several times as long.
        "GOMP_SPINCOUNT": "1000",
        # Batches of texts are made beside each other: more threads would take the networks' cores.
        "TOKENIZERS_PARALLELISM": "false",
        # Ray reports its use to its makers otherwise.
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    # torch counts the cores of the machine; a container may be given less.
    if count_cores() < (os.cpu_count() or 1):
        settings["OMP_NUM_THREADS"] = str(count_cores())
    for name, value in settings.items():
        os.environ.setdefault(name, value)

"""torchrun: what it says to the processes that it starts, all of it or none."""

import os

_TOLD = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
_NUMBERS = ("RANK", "LOCAL_RANK", "WORLD_SIZE")


def forget_leftovers() -> None:
    """Drop variables that were left over from elsewhere: alone, or no numbers, they mean nothing.

    Otherwise a single process would wait for others, or be silent for the sake of a first one.
    """
    told = all(os.environ.get(name) for name in _TOLD)
    if told and all(os.environ[name].isdecimal() for name in _NUMBERS):
        return
    for name in _TOLD:
        os.environ.pop(name, None)

"""The machines that a command computes on, and values that mean the same on each of them."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chiasm.data.media.facts import Value
from chiasm.errors import ChiasmError
from chiasm.utils.extras import needs_extra

with needs_extra("scale", "Computing on a cluster needs the package ray"):
    import ray

_HERE = "local"


@contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """Join the Ray cluster at ``address``, or at that of the environment variable RAY_ADDRESS.

    Without either: one of this machine alone, for the time being.

    Raises:
        ChiasmError: there is no cluster at that address.
    """
    address = address or os.environ.get("RAY_ADDRESS")
    try:
        ray.init(
            address or _HERE,
            include_dashboard=None if address else False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, ValueError) as error:
        raise ChiasmError(
            f"There is no Ray cluster at {address}: {error} Start one with ray start --head, and "
            "give the address that it names, or auto on one of its machines; without `address` "
            "this machine alone is used."
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def absolute(value: Value) -> Value:
    """The value; a file by its whole path, since the working folder is another elsewhere."""
    return value.absolute() if isinstance(value, Path) else value

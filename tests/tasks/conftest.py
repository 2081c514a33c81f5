"""What the tests of this room share."""

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread() -> Iterator[None]:
    """Tiny matrices: threads would only wait for each other, above all under pytest-xdist."""
    with threadpool_limits(limits=1):
        yield

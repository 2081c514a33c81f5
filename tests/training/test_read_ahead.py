from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from chiasm.training.read_ahead import ReadAhead


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_all_items_come_in_their_order(pool: ThreadPoolExecutor) -> None:
    ahead = ReadAhead(iter(range(5)), pool)
    assert list(ahead) == [0, 1, 2, 3, 4]
    with pytest.raises(StopIteration):
        next(ahead)


def test_the_next_item_is_made_while_this_one_is_used(pool: ThreadPoolExecutor) -> None:
    second = Event()

    def items() -> Iterator[str]:
        yield "first"
        second.set()
        yield "second"

    assert next(ReadAhead(items(), pool)) == "first"
    assert second.wait(timeout=60)


def test_an_error_comes_in_the_place_of_its_item(pool: ThreadPoolExecutor) -> None:
    def items() -> Iterator[str]:
        yield "whole"
        raise OSError("the disk is gone")

    ahead = ReadAhead(items(), pool)
    assert next(ahead) == "whole"
    with pytest.raises(OSError, match="the disk is gone"):
        next(ahead)

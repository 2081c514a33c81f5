"""ReadAhead: the next item is made while this one is used."""

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class ReadAhead(Generic[_Item]):
    """The items of an iterator in their order, each made in a thread of ``pool`` one step ahead."""

    def __init__(self, items: Iterator[_Item], pool: Executor) -> None:
        self.items = items
        self._pool = pool
        self._begun = self._begin()

    def __iter__(self) -> Iterator[_Item]:
        return self

    def __next__(self) -> _Item:
        item = self._begun.result()
        self._begun = self._begin()
        return item

    def _begin(self) -> Future[_Item]:
        return self._pool.submit(next, self.items)

"""Shares: one client may use most of what there is, and none can use it up."""

from collections import Counter

# A client has at most so many times what it leaves free: three quarters of all where it is alone.
_TIMES_FREE = 3


class Shares:
    """What clients have of a number of things, rows or bytes or connections.

    A client is given more as long as it then has at most a multiple of what is free (dynamic
    thresholds, Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet
    Switches", 1998, eq. 1): the more it has, the more is kept for others, whose number need not be
    known.

    Args:
        most: how many things there are.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken: Counter[str] = Counter()
        self.taken = 0

    def take(self, client: str, number: int) -> bool:
        """Give a client so many more, if that leaves enough for others; whether it did."""
        left = self.most - self.taken - number
        has = self._taken[client] + number
        # What is alone, or the last one of a few, may be had whole.
        if left < 0 or (self.taken and has > _TIMES_FREE * (left + 1)):
            return False
        self._taken[client] += number
        self.taken += number
        return True

    def give_back(self, client: str, number: int) -> None:
        """Have them back."""
        self.taken -= number
        self._taken[client] -= number
        if not self._taken[client]:
            del self._taken[client]

    @property
    def is_open(self) -> bool:
        """Whether a client that has nothing would be given one."""
        return self.taken < self.most

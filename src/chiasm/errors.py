"""What can go wrong, in words meant for the person who ran the command."""


class ChiasmError(Exception):
    """A user's mistake or bad input: says what came, what is allowed and what to do next."""


class DataError(ChiasmError):
    """The data as a whole cannot be used: a missing column, no labels, an unknown label."""


class EncoderError(ChiasmError):
    """An encoder cannot be had: not installed, not reachable, or not the pinned weights."""


class UnreachableEncoder(EncoderError):
    """An encoder of the hub is not on this machine, and the hub cannot be reached."""


class UnreadableExample(ChiasmError):
    """One value of one row cannot be decoded; the other rows go on."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TrainingStopped(ChiasmError):
    """Ctrl-C in training or tuning: what was done has been written."""

    def __init__(
        self, message: str = "Stopped; what is done is kept. The same command goes on from it."
    ) -> None:
        super().__init__(message)  # as an argument, so that it can be pickled


class DataWarning(UserWarning):
    """Rows or values that are not used as they came; the others are."""

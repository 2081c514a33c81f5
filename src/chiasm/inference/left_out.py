"""LeftOut: what of a value an encoder does not see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from unicodedata import category

from chiasm.data.table import Problem, Table

# The reasons of texts of which the tokenizer knows some words, or nothing at all.
SOME_UNKNOWN = "has words or signs that its encoder does not know"
ALL_UNKNOWN = "nothing in it is known to its encoder"
_SPACE = "▁"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A part of a value that never reaches the network.

    ``reason`` is the same for all values of a kind, ``detail`` tells this value's own part.
    """

    reason: str
    detail: str


def wordless(vocabulary: Mapping[str, int]) -> frozenset[int]:
    """The numbers of tokens that are punctuation, or a space as SentencePiece writes it."""
    return frozenset(
        number
        for token, number in vocabulary.items()
        if all(sign == _SPACE or category(sign).startswith("P") for sign in token)
    )


def as_problems(
    table: Table, row: int, modality: str, parts: Sequence[LeftOut]
) -> tuple[Problem, ...]:
    """What is left out of the value of one row, as notes on it."""
    return tuple(
        Problem(
            row=table.ids[row],
            field=modality,
            reason=part.reason,
            action="noted",
            detail=part.detail,
            position=row,
        )
        for part in parts
    )


def seconds_left_out(seconds: float, *, limit: float | None) -> tuple[LeftOut, ...]:
    """What is left out of an audio clip of that length; no ``limit``: nothing."""
    if limit is None or seconds <= limit:
        return ()
    return (LeftOut(f"longer than {limit:g} s; only the beginning is read", f"{seconds:.1f} s"),)


@dataclass(frozen=True)
class TokenLimits:
    """What a tokenizer takes of a text.

    Attributes:
        most: tokens of a text, special ones included; None: any number.
        special: how many special tokens are added to each text.
        unknown: the number of the token that stands for whatever is not known; None: all is known.
        wordless: numbers of tokens that say nothing beside unknown ones.
        reads_end: whether the end of a longer text is read, not its beginning.
    """

    most: int | None
    special: int
    unknown: int | None
    wordless: frozenset[int] = frozenset()
    reads_end: bool = False

    def length(self, words: Sequence[int]) -> int:
        """How many tokens reach the network."""
        whole = len(words) + self.special
        return whole if self.most is None else min(whole, self.most)

    def left_out(self, words: Sequence[int]) -> tuple[LeftOut, ...]:
        """What is left out of a text of these tokens: all that it has, but for special ones."""
        found = []
        whole = len(words) + self.special
        if self.most is not None and whole > self.most:
            part = "end" if self.reads_end else "beginning"
            reason = f"longer than {self.most} tokens; only the {part} is read"
            found.append(LeftOut(reason, f"{whole:,} tokens"))
        unknown = 0 if self.unknown is None else words.count(self.unknown)
        nothing = not words or (unknown > 0 and set(words) - self.wordless == {self.unknown})
        if nothing or unknown:
            reason = ALL_UNKNOWN if nothing else SOME_UNKNOWN
            found.append(LeftOut(reason, f"{unknown:,} of {len(words):,} tokens"))
        return tuple(found)

"""What each review is to be: its kind, its label, and what its words and its photo say."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from chiasm.samples.reviews.wording import PHRASES

Kind = Literal["text", "picture", "both", "irrelevant"]
Label = Literal["positive", "negative"]
LABELS: tuple[Label, Label] = ("positive", "negative")

# Every block of this many rows is balanced in itself.
BLOCK = 40
# Kind, family of phrases, and how many phrases of it: each is used once or twice with each label.
_BLOCK_PLAN: tuple[tuple[Kind, str, int], ...] = (
    ("text", "verdict", 2),
    ("picture", "plain", 8),
    ("both", "direct", 3),
    ("both", "inverted", 3),
    ("irrelevant", "verdict", 2),
)


@dataclass(frozen=True)
class Case:
    """One review before it is written and drawn.

    ``phrase`` names the phrase at its core (a key of ``PHRASES``); ``damaged`` is the condition
    of the product in the photo, None where the photo does not show a product.
    """

    kind: Kind
    label: Label
    phrase: str
    damaged: bool | None

    @property
    def decided_by(self) -> str:
        """The modalities that a reader needs to know the label."""
        return {"both": "text+picture", "picture": "picture"}.get(self.kind, "text")


def plan(rows: int, rng: Random) -> list[Case]:
    """Lay out ``rows`` cases, a multiple of 40, in random order.

    Of each 40, 8 are decided by the text, 16 by the picture, 12 by both together and 4 by the text
    beside an irrelevant picture. In each block exactly, every phrase has both labels equally often,
    and in the kinds "text" and "both" so has each condition of the product.
    """
    decks = {family: _deal(family, rng) for family in ("verdict", "plain", "direct", "inverted")}
    cases: list[Case] = []
    for _ in range(rows // BLOCK):
        for kind, family, times in _BLOCK_PLAN:
            for _ in range(times):
                phrase = next(decks[family])
                cases += [
                    Case(kind, label, phrase, damaged)
                    for label in LABELS
                    for damaged in _conditions(kind, family, label)
                ]
    rng.shuffle(cases)
    return cases


def _conditions(kind: Kind, family: str, label: Label) -> tuple[bool | None, ...]:
    """Whether the product in the photo is damaged, for each review of such a phrase and label."""
    if kind == "text":
        return False, True
    if kind == "irrelevant":
        return (None,)
    return ((label == "negative") != (family == "inverted"),)


def _deal(family: str, rng: Random) -> Iterator[str]:
    """The phrases of a family for ever, each once a round, in a new order every round."""
    names = [name for name in PHRASES if name.startswith(family)]
    while True:
        yield from rng.sample(names, len(names))

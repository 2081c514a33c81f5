"""A row on a card: what it holds, what was predicted and why."""

from dataclasses import dataclass

from chiasm.explanation.illustrations import Illustration

CHANCES = 3


@dataclass(frozen=True)
class Card:
    """A row: what it holds, what was predicted and why.

    ``chances`` are the likeliest classes with their probabilities; ``added`` is what each modality
    adds to that of the first. ``suggested`` is another label, where the given one is doubted.
    """

    id: str
    label: str | None
    chances: tuple[tuple[str, float], ...]
    added: dict[str, float]
    suggested: str | None
    shown: Illustration

"""word_scores: the scores of the words of a text."""

from dataclasses import dataclass

from chiasm.explain.attribution.attribution import Attribution


@dataclass(frozen=True)
class Word:
    """Characters ``start`` to ``end`` (exclusive) of a text, and how they score."""

    text: str
    start: int
    end: int
    score: float


def word_scores(text: str, attribution: Attribution) -> list[Word]:
    """The scores of a text's pieces, those of the pieces of one word summed."""
    words: list[Word] = []
    for place, score in zip(attribution.places, attribution.scores.tolist(), strict=True):
        if place.extent is None:
            continue
        start, end = map(int, place.extent)
        if words and start == words[-1].end and text[start - 1 : start + 1].isalnum():
            before = words.pop()
            start, score = before.start, before.score + score
        words.append(Word(text[start:end], start, end, score))
    return words

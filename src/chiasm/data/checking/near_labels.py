"""near_labels: labels that may be one word, written twice."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

from chiasm.data.labels import spell_label

_LETTERS = 2
# Of more classes many are alike without being one.
_COMPARED = 100
_NUMBER = re.compile(r"[-+]?[\d.,]+")
_BETWEEN_WORDS = re.compile(r"[\s_-]+")


def near_twins(classes: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs that differ in capitals or in what stands between words, or in a letter or two."""
    folded: dict[str, list[str]] = defaultdict(list)
    for name in classes:
        folded[_fold(name)].append(name)
    pairs = [pair for names in folded.values() for pair in combinations(names, 2)]
    if len(classes) <= _COMPARED:
        pairs += [
            (one, other)
            for one, other in combinations(classes, 2)
            if _fold(one) != _fold(other) and _is_slip(one, other)
        ]
    return pairs


def misspelled(labels: Collection[str], classes: Sequence[str]) -> dict[str, str]:
    """Which of these labels, none of them a class, is likely to be a class written wrongly: which.

    Where classes are as near to each other, being near says nothing.
    """
    known = {spell_label(name) or name for name in classes}
    if len(known) <= _COMPARED and any(_is_slip(a, b) for a, b in combinations(known, 2)):
        known = set()
    folded = {_fold(name): name for name in classes}
    return {label: name for label in labels for name in _meant(label, folded, known)}


def _meant(label: str, folded: dict[str, str], known: Collection[str]) -> Iterator[str]:
    same = folded.get(_fold(label))
    if same is not None:
        yield same
    elif len(folded) <= _COMPARED:
        near = (name for name in sorted(known) if _is_slip(label, name))
        yield from (name for name in (next(near, None),) if name is not None)


def _fold(label: str) -> str:
    return _BETWEEN_WORDS.sub("", label).casefold()


def _is_slip(one: str, other: str) -> bool:
    """Whether one is a letter or two from the other, and most of both is the same.

    Numbers are no misspellings of each other.
    """
    if _NUMBER.fullmatch(one) or _NUMBER.fullmatch(other):
        return False
    one, other = one.casefold(), other.casefold()
    longer = max(len(one), len(other))
    return abs(len(one) - len(other)) <= _LETTERS and edit_distance(one, other) <= min(
        _LETTERS, (longer - 1) // 2
    )


def edit_distance(one: str, other: str) -> int:
    """Letters to insert, remove or exchange (Levenshtein, 1966); neighbours swapped count two."""
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        here = [row]
        for column, wanted in enumerate(other, start=1):
            exchanged = above[column - 1] + (letter != wanted)
            here.append(min(exchanged, above[column] + 1, here[-1] + 1))
        above = here
    return above[-1]

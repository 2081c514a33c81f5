"""Labels that a model never saw are counted and named; misspelled ones are an error."""

import numpy as np
import pytest
from model.letters import make_table

from chiasm.errors import DataError
from chiasm.tasks.unseen_labels import unseen_labels

SENTIMENT = ("negative", "neutral", "positive")


def find(labels: list[str], classes: tuple[str, ...]) -> list[tuple[int | None, str]]:
    table = make_table(text=[f"text {i}" for i in range(len(labels))], labels=labels)
    found = unseen_labels(table, np.arange(len(labels)), classes, what="The test rows")
    assert {(p.field, p.action) for p in found} <= {("label", "noted")}
    return [(p.position, p.detail) for p in found]


def test_known_labels_are_nothing_to_speak_of() -> None:
    assert find(["positive", "neutral"], SENTIMENT) == []


def test_rows_of_unseen_labels_are_named() -> None:
    assert find(["positive", "mixed", "neutral", "mixed"], SENTIMENT) == [
        (1, "mixed"),
        (3, "mixed"),
    ]


@pytest.mark.parametrize(
    ("label", "meant"),
    [("positiv", "positive"), ("Positive", "positive"), ("negatve", "negative")],
)
def test_a_misspelled_label_is_an_error_that_says_what_it_may_mean(label: str, meant: str) -> None:
    with pytest.raises(DataError, match=rf"{label!r} \(2 rows\) for {meant!r}.*leave them empty"):
        find([label, "positive", label], SENTIMENT)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["2", "3"], ("1", "2", "4")),  # numbers are no misspellings of each other
        (["no", "so"], ("no", "yes")),
        (["cat", "cow"], ("cat", "dog")),
        (["bike", "bikes"], ("bike", "cat", "cats")),  # where classes are as near as that
    ],
)
def test_short_words_and_numbers_are_words_of_their_own(
    labels: list[str], classes: tuple[str, ...]
) -> None:
    assert find(labels, classes) == [(1, labels[1])]


def test_of_many_classes_only_capitals_and_spaces_tell_a_misspelling() -> None:
    classes = tuple(f"answer {chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(400))
    assert find(["answer aa", "answer zz"], classes) == [(1, "answer zz")]
    with pytest.raises(DataError, match="'Answer_aa'"):
        find(["answer ab", "Answer_aa"], classes)


def test_rows_without_any_known_label_are_refused() -> None:
    with pytest.raises(DataError, match=r"'mixed' \(1 rows\), 'unclear' \(2 rows\).*It knows"):
        find(["mixed", "unclear", "unclear"], SENTIMENT)

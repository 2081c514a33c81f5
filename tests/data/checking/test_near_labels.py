import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.data.checking.near_labels import edit_distance, near_twins


@pytest.mark.parametrize(
    ("one", "other", "letters"),
    [("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("ab", "ba", 2)],
)
def test_edit_distance_golden(one: str, other: str, letters: int) -> None:
    assert edit_distance(one, other) == letters


@given(st.text("abc", max_size=6), st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_edit_distance_is_a_distance(one: str, two: str, three: str) -> None:
    assert edit_distance(one, two) == edit_distance(two, one)
    assert (edit_distance(one, two) == 0) == (one == two)
    assert edit_distance(one, three) <= edit_distance(one, two) + edit_distance(two, three)


def test_twins_differ_in_capitals_spaces_or_a_letter_or_two() -> None:
    classes = ["Positive", "positive", "neutral", "neutrall", "very good", "very_good", "1", "2"]
    assert sorted(near_twins(classes)) == [
        ("Positive", "positive"),
        ("neutral", "neutrall"),
        ("very good", "very_good"),
    ]


def test_classes_that_differ_are_no_twins() -> None:
    assert near_twins(["negative", "neutral", "positive", "no", "so", "cat", "dog"]) == []

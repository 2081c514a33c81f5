# ruff: noqa: RUF001 - full-width characters are what is tested
import dataclasses

import numpy as np
import pytest
from data_inputs import make_table
from hypothesis import given, settings
from hypothesis import strategies as st

from chiasm.data.duplicates.groups import duplicate_groups, find_groups
from chiasm.data.duplicates.near_images import near_images
from chiasm.data.duplicates.normalisation import normalise_text
from chiasm.data.table import Table
from chiasm.errors import DataError

# Few distinct values, so that rows do tie; hashes near a few centres.
HASHES = st.builds(
    lambda centre, bits: centre ^ sum(1 << bit for bit in bits),
    st.sampled_from([0, 2**64 - 1, 0x0F0F0F0F0F0F0F0F, 0xFFFFFFFF]),
    st.sets(st.integers(0, 63), max_size=5),
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "A!", "b", "c", "", None]),
        st.none() | HASHES,
        st.sampled_from([None, None, "g", "h"]),
    ),
    min_size=1,
    max_size=25,
)


def table_of(rows: list[tuple[str | None, int | None, str | None]]) -> Table:
    texts, hashes, group = zip(*rows, strict=True)
    return make_table(texts, [None] * len(rows), phashes=hashes, group=group)


def partition(groups: np.ndarray) -> np.ndarray:
    return groups[:, None] == groups[None, :]


def closure(linked: np.ndarray) -> np.ndarray:
    reach = linked | np.eye(len(linked), dtype=bool)
    for _ in range(len(linked)):
        reach = reach | (reach @ reach)
    return reach


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("RT @you: So GOOD!! http://t.co/x1", "so good"),
        ("ＦＵＬＬ  width", "full width"),
        ("good, bad; ugly…", "good bad ugly"),
        ("line\nbreak\ttab", "line break tab"),
        ("#love it", "love it"),
    ],
)
def test_postings_of_one_text_look_the_same(first: str, second: str) -> None:
    assert normalise_text(first) == normalise_text(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [("good 😀", "good 😡"), ("art", "a"), ("not good", "good"), ("की", "का")],
)
def test_other_texts_do_not(first: str, second: str) -> None:
    assert normalise_text(first) != normalise_text(second)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=50))
def test_outer_space_and_punctuation_do_not_matter(text: str) -> None:
    once = normalise_text(text)
    assert normalise_text(f"  {once}!\n") == normalise_text(once)


@settings(deadline=None)
@given(st.lists(HASHES | st.integers(0, 2**64 - 1), max_size=40))
def test_near_images_are_those_of_comparing_all_pairs(hashes: list[int]) -> None:
    near = [[(a ^ b).bit_count() <= 4 for b in hashes] for a in hashes]
    expected = closure(np.array(near, dtype=bool).reshape(len(hashes), len(hashes)))
    assert np.array_equal(partition(near_images(hashes)), expected)


def test_near_images_of_many_rows_are_found_among_many() -> None:
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**64, 50_000, dtype=np.uint64).tolist()
    places = rng.integers(0, 60, 500).tolist()
    planted = [h ^ 0b1111 << at for h, at in zip(hashes[:500], places, strict=True)]
    found = near_images([*hashes, *planted])
    assert np.array_equal(found[:500], found[50_000:])
    assert len(np.unique(found)) == 50_000


def test_bits_that_never_vary_do_not_make_near_images_slow() -> None:
    # All pairs would be 2e8; plain bands of such hashes would hold every one of them.
    hashes = np.random.default_rng(0).integers(0, 2**32, 20_000, dtype=np.uint64) << np.uint64(16)
    found = near_images(hashes.tolist())
    assert 15_000 < len(np.unique(found)) < 20_000


@settings(deadline=None, max_examples=50)
@given(ROWS)
def test_groups_are_the_closure_of_text_image_and_group_ties(
    rows: list[tuple[str | None, int | None, str | None]],
) -> None:
    def tied(a: tuple, b: tuple) -> bool:
        texts = [normalise_text(row[0] or "") for row in (a, b)]
        images = a[1] is not None and b[1] is not None and (a[1] ^ b[1]).bit_count() <= 4
        return bool(texts[0] and texts[0] == texts[1]) or images or bool(a[2] and a[2] == b[2])

    expected = closure(np.array([[tied(a, b) for b in rows] for a in rows]))
    assert np.array_equal(partition(find_groups(table_of(rows))), expected)


@settings(deadline=None, max_examples=50)
@given(ROWS, st.randoms(use_true_random=False))
def test_permuting_the_rows_permutes_the_groups(
    rows: list[tuple[str | None, int | None, str | None]], random: object
) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)
    table = table_of(rows)
    there, here = find_groups(table), find_groups(table.take(order))
    assert np.array_equal(partition(there)[np.ix_(order, order)], partition(here))


def test_by_limits_which_modalities_tie_but_the_group_column_always_does() -> None:
    table = make_table(
        ["what colour?", "what colour?", "what shape?", "size?"],
        [None] * 4,
        phashes=[1 << 40, 2**64 - 1, 1 << 40, 0xFFFFFFFF],
        group=["g", None, None, "g"],
    )
    assert find_groups(table, by=["image"]).tolist() == [0, 1, 0, 0]
    assert find_groups(table, by=["text"]).tolist() == [0, 0, 1, 0]
    assert find_groups(table, by=["group"]).tolist() == [0, 1, 2, 0]
    assert find_groups(table).tolist() == [0, 0, 0, 0]
    with pytest.raises(DataError, match="`group_by` is one or more of text, image, audio, group"):
        find_groups(table, by=["colour"])


def test_a_group_of_more_than_half_the_usable_rows_is_refused() -> None:
    table = make_table(["same"] * 6 + list("abcd"), ["x"] * 10)
    with pytest.raises(DataError, match=r"6 of 10 usable rows.*`group_by`"):
        duplicate_groups(table)
    aside = dataclasses.replace(table, usable=(False,) * 2 + (True,) * 8)
    assert duplicate_groups(aside).max() == 4


def test_one_row_is_no_group_too_large() -> None:
    assert duplicate_groups(make_table(["a"], ["x"])).tolist() == [0]

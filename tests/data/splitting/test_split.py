from collections import Counter
from unittest import mock

import numpy as np
import pytest
from data_inputs import make_table
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from chiasm.data.duplicates.groups import duplicate_groups
from chiasm.data.splitting.splits import (
    Fold,
    given_split,
    grouped_folds,
    hold_out,
    rare_problems,
    rare_rows,
)
from chiasm.data.table import Table
from chiasm.errors import DataError


def grouped_table(sizes: list[int]) -> Table:
    """Groups of these sizes, tied by text; classes take turns by row."""
    texts = [f"text {g}" for g, size in enumerate(sizes) for _ in range(size)]
    return make_table(texts, [f"class {i % 3}" for i in range(len(texts))])


def folds_of(table: Table, *, folds: int, seed: int) -> list[Fold]:
    groups = duplicate_groups(table)
    return grouped_folds(table, table.labelled, folds=folds, seed=seed, groups=groups)


SIZES = st.lists(st.integers(1, 4), min_size=20, max_size=40)


@settings(deadline=None, max_examples=20)
@given(SIZES, st.integers(2, 5), st.integers(0, 5))
def test_folds_partition_the_rows_and_never_split_a_group(
    sizes: list[int], folds: int, seed: int
) -> None:
    table = grouped_table(sizes)
    groups = duplicate_groups(table)
    found = folds_of(table, folds=folds, seed=seed)
    assert len(found) == folds
    assert sorted(np.concatenate([fold.test for fold in found])) == list(range(len(table)))
    for fold in found:
        assert sorted([*fold.train, *fold.test]) == list(range(len(table)))
        assert not set(groups[fold.train]) & set(groups[fold.test])


@settings(deadline=None, max_examples=20)
@given(SIZES, st.integers(0, 5), st.randoms(use_true_random=False))
def test_folds_depend_on_the_ids_not_on_the_order(
    sizes: list[int], seed: int, random: object
) -> None:
    table = grouped_table(sizes)
    order = list(range(len(table)))
    random.shuffle(order)
    shuffled = table.take(order)
    for one, other in zip(
        folds_of(table, folds=3, seed=seed),
        folds_of(shuffled, folds=3, seed=seed),
        strict=True,
    ):
        assert {table.ids[i] for i in one.test} == {shuffled.ids[i] for i in other.test}


@settings(deadline=None, max_examples=40)
@given(SIZES, st.integers(2, 6), st.integers(0, 5))
def test_the_folds_are_those_of_scikit_learn(sizes: list[int], folds: int, seed: int) -> None:
    table = grouped_table(sizes)
    with mock.patch("chiasm.data.splitting.splits.StratifiedGroups", StratifiedGroupKFold):
        expected = folds_of(table, folds=folds, seed=seed)
    found = folds_of(table, folds=folds, seed=seed)
    assert [f.test.tolist() for f in found] == [f.test.tolist() for f in expected]


def test_folds_are_stratified_and_the_seed_matters() -> None:
    table = make_table(
        [f"text {i}" for i in range(300)], ["a" if i % 3 else "b" for i in range(300)]
    )
    tests = [fold.test for fold in folds_of(table, folds=5, seed=0)]
    for rows in tests:
        assert Counter(table.labels[i] for i in rows) == {"a": 40, "b": 20}
    other = folds_of(table, folds=5, seed=1)[0].test
    assert tests[0].tolist() != other.tolist()


def test_unlabelled_and_set_aside_rows_are_in_no_fold() -> None:
    table = make_table(
        [f"text {i}" for i in range(30)],
        [None if i == 0 else "ab"[i % 2] for i in range(30)],
        usable=[i != 1 for i in range(30)],
    )
    rows = np.concatenate([fold.test for fold in folds_of(table, folds=2, seed=0)])
    assert sorted(rows) == list(range(2, 30))


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        ("abcdefghij", "xxxxxxxxxx", "only the class 'x'"),
        ("abcdefghij", [None] * 10, "no labelled row"),
        ("abcdefghij", "xxxxxxxxyy", r"'y' \(2 rows\)\. Add .*, ask for `folds` 2, or"),
        ("abcdefghij", "xxxxxxxxxy", r"'y' \(1 row\)\. Add rows of these classes, or choose"),
        ("aaaabbbcc ", "xyxyxyxyxy", r"4 groups of duplicates, fewer than the 5 folds"),
        ("abcdeffffff", "xxxxxyyyyyy", "6 of 11 usable rows are one group"),
        ("abcdefggggg", "xxxxxxyyyyy", r"'y' \(5 rows, all duplicates of one another\)"),
    ],
)
def test_data_that_cannot_be_split_is_refused(
    texts: str, labels: list[str | None], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        folds_of(make_table(list(texts), list(labels)), folds=5, seed=0)


def test_one_fold_is_refused() -> None:
    with pytest.raises(DataError, match="`folds`"):
        folds_of(grouped_table([1] * 10), folds=1, seed=0)


@settings(deadline=None, max_examples=20)
@given(SIZES, st.sampled_from([0.1, 0.2, 0.5]), st.integers(0, 3))
def test_hold_out_parts_the_given_rows_by_whole_groups(
    sizes: list[int], fraction: float, seed: int
) -> None:
    table = grouped_table(sizes)
    groups = duplicate_groups(table)
    rows = np.arange(0, len(table) - 3)
    rest, held = hold_out(table, rows, fraction=fraction, seed=seed, groups=groups)
    assert sorted([*rest, *held]) == rows.tolist()
    assert len(held)
    assert not set(groups[rest]) & set(groups[held])
    assert {table.labels[i] for i in rest} == {table.labels[i] for i in rows}


def test_hold_out_keeps_about_the_fraction_and_the_balance() -> None:
    table = make_table(
        [f"text {i}" for i in range(300)], ["a" if i % 3 else "b" for i in range(300)]
    )
    rest, held = hold_out(
        table, np.arange(300), fraction=0.1, seed=0, groups=duplicate_groups(table)
    )
    assert Counter(table.labels[i] for i in held) == {"a": 20, "b": 10}
    assert len(rest) == 270


def test_hold_out_of_too_little_is_refused() -> None:
    table = make_table(["a", "b"], ["x", "y"])
    with pytest.raises(DataError, match="too few"):
        hold_out(table, np.arange(2), fraction=0.5, seed=0, groups=np.arange(2))
    with pytest.raises(DataError, match=r"above 0 and at most 0\.5"):
        hold_out(table, np.arange(2), fraction=0.6, seed=0, groups=np.arange(2))


def test_a_given_split_is_respected_under_all_its_names() -> None:
    said = ["train", "Training", "val", "dev", "validation", "test", None, "test"]
    table = make_table([f"t{i}" for i in range(8)], [*"xyxyxyx", None], split=said)
    found = given_split(table)
    assert found is not None
    assert {name: rows.tolist() for name, rows in found.items()} == {
        "train": [0, 1],
        "validation": [2, 3, 4],
        "test": [5],
    }


def test_no_split_given_is_none_and_an_unknown_one_is_refused() -> None:
    assert given_split(make_table(["a"], ["x"])) is None
    with pytest.raises(DataError, match=r"'fold3'.*train.*validation.*test"):
        given_split(make_table(["a"], ["x"], split=["fold3"]))


def test_the_labs_folds_keep_its_duplicates_together(lab_table: Table) -> None:
    groups = duplicate_groups(lab_table)
    for fold in folds_of(lab_table, folds=5, seed=0):
        assert len(fold.test) == 800
        assert not set(groups[fold.train]) & set(groups[fold.test])


RARE = ["pos", "neg"] * 20 + ["once", "twice", "twice", "tied", "tied", "tied"]
RARE_TEXTS = [f"text {i}" for i in range(43)] + ["tied"] * 3


@pytest.mark.parametrize("seed", range(8))
def test_rows_of_rare_classes_are_trained_on_in_every_fold_and_tested_in_none(seed: int) -> None:
    table = make_table(RARE_TEXTS, RARE)
    for fold in folds_of(table, folds=4, seed=seed):
        assert set(range(40, 46)) <= set(fold.train)
        assert sorted([*fold.train, *fold.test]) == list(range(46))
        rest, held = hold_out(
            table, fold.train, fraction=0.15, seed=seed, groups=duplicate_groups(table)
        )
        assert not {"once", "tied"} & {table.labels[row] for row in held}
        assert {table.labels[row] for row in rest} == set(RARE)


@pytest.mark.parametrize("seed", range(4))
def test_a_rare_row_is_left_out_where_a_duplicate_of_it_is_tested(seed: int) -> None:
    # Every other row says what a row of an answer of its own says.
    texts = [f"text {i // 2}" for i in range(80)]
    labels = [["yes", "no"][i // 2 % 2] if i % 2 else f"answer {i}" for i in range(80)]
    table = make_table(texts, labels)
    groups = duplicate_groups(table)
    assert rare_rows(table, table.labelled, groups).tolist() == list(range(0, 80, 2))
    for fold in folds_of(table, folds=4, seed=seed):
        assert not set(groups[fold.train]) & set(groups[fold.test])
        assert len(fold.test) == 10
        assert len(fold.train) == 60
    rest, held = hold_out(table, table.labelled, fraction=0.2, seed=seed, groups=groups)
    assert not set(groups[rest]) & set(groups[held])
    assert len(held) == 8


def test_duplicates_of_a_few_rare_rows_are_not_held_out() -> None:
    texts = ["tied", *(f"text {i}" for i in range(39)), "tied"]
    table = make_table(texts, [*["yes", "no"] * 20, "once"])
    groups = duplicate_groups(table)
    for seed in range(12):
        rest, held = hold_out(table, table.labelled, fraction=0.2, seed=seed, groups=groups)
        assert {0, 40} <= set(rest)
        assert len(held) >= 7


@settings(deadline=None, max_examples=30)
@given(SIZES, st.lists(st.sampled_from("xyzuvw"), min_size=20, max_size=20), st.integers(0, 9))
def test_no_class_that_can_be_split_is_held_out_as_a_whole(
    sizes: list[int], labels: list[str], seed: int
) -> None:
    texts = [f"text {g}" for g, size in enumerate(sizes) for _ in range(size)]
    table = make_table(texts, [labels[(7 * i) % 20] for i in range(len(texts))])
    groups = duplicate_groups(table)
    rest, held = hold_out(table, table.labelled, fraction=0.2, seed=seed, groups=groups)
    rare = table.classes_of(rare_rows(table, table.labelled, groups))
    assert {table.labels[row] for row in rest} | set(rare) == set(table.labels)
    assert not {table.labels[row] for row in held} & set(rare)
    assert not set(groups[rest]) & set(groups[held])


def test_rare_rows_are_named_one_by_one() -> None:
    table = make_table(RARE_TEXTS, RARE)
    groups = duplicate_groups(table)
    found = rare_problems(table, table.labelled, groups, where="only trained on", least=4)
    assert [(p.position, p.detail) for p in found] == [(i, RARE[i]) for i in range(40, 46)]
    assert {p.reason.endswith(": only trained on") for p in found} == {True}

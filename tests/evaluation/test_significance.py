import numpy as np
import pytest
from sklearn.metrics import f1_score

from chiasm.evaluation.significance import ClusterBootstrap, interval

from .made_up import Array, draw_called, draw_labels

LABELS = draw_labels(300)
CALLED = draw_called(LABELS, accuracy=0.7, seed=1)
ALONE = np.arange(300)


def make(labels: Array = LABELS, groups: Array = ALONE, *, seed: int = 0) -> ClusterBootstrap:
    return ClusterBootstrap(labels, groups, num_classes=3, seed=seed)


def macro_f1(labels: Array, called: Array) -> float:
    return float(f1_score(labels, called, average="macro", labels=np.unique(labels)))


def test_groups_of_one_row_are_the_plain_bootstrap() -> None:
    rng = np.random.default_rng(5)
    draws = [rng.integers(300, size=300) for _ in range(200)]
    plain_accuracy = [(LABELS[d] == CALLED[d]).mean() for d in draws]
    plain_f1 = [macro_f1(LABELS[d], CALLED[d]) for d in draws]
    for computed, plain in (
        (make().accuracy(CALLED), plain_accuracy),
        (make().macro_f1(CALLED), plain_f1),
    ):
        assert computed.shape == (2000,)
        assert computed.mean() == pytest.approx(np.mean(plain), abs=0.007)
        assert computed.std() == pytest.approx(np.std(plain), rel=0.2)


def test_one_group_of_all_rows_is_always_drawn_whole() -> None:
    bootstrap = make(groups=np.zeros(300, dtype=int))
    assert set(bootstrap.accuracy(CALLED)) == {(LABELS == CALLED).mean()}
    assert bootstrap.macro_f1(CALLED) == pytest.approx(macro_f1(LABELS, CALLED))


def test_two_groups_are_drawn_whole() -> None:
    groups = np.where(ALONE < 100, 7, 3)
    bootstrap = make(groups=groups)
    first, second = ALONE < 100, ALONE >= 100
    everything = first | second
    for computed, score in (
        (bootstrap.accuracy(CALLED), lambda labels, called: (labels == called).mean()),
        (bootstrap.macro_f1(CALLED), macro_f1),
    ):
        values, counts = np.unique(computed.round(9), return_counts=True)
        expected = {
            round(score(LABELS[part], CALLED[part]), 9): share
            for part, share in ((first, 500), (second, 500), (everything, 1000))
        }
        assert values == pytest.approx(sorted(expected))
        assert counts == pytest.approx([expected[v] for v in sorted(expected)], rel=0.2)


def test_copies_of_a_row_in_its_group_add_no_certainty() -> None:
    copied = ClusterBootstrap(np.repeat(LABELS, 3), np.repeat(ALONE, 3), num_classes=3, seed=0)
    assert np.array_equal(copied.accuracy(np.repeat(CALLED, 3)), make().accuracy(CALLED))
    assert copied.macro_f1(np.repeat(CALLED, 3)) == pytest.approx(make().macro_f1(CALLED))
    naive = ClusterBootstrap(np.repeat(LABELS, 3), np.arange(900), num_classes=3, seed=0)
    assert naive.accuracy(np.repeat(CALLED, 3)).std() < 0.7 * make().accuracy(CALLED).std()


def test_order_of_the_rows_and_names_of_the_groups_do_not_matter() -> None:
    groups = ALONE // 2
    order = np.random.default_rng(2).permutation(300)
    one, other = make(groups=groups), make(LABELS[order], groups[order] * 10 - 5)
    assert np.array_equal(other.accuracy(CALLED[order]), one.accuracy(CALLED))
    assert np.array_equal(other.macro_f1(CALLED[order]), one.macro_f1(CALLED))


def test_the_same_seed_draws_the_same_rows_for_every_model() -> None:
    assert np.array_equal(make().accuracy(CALLED), make().accuracy(CALLED))
    assert not np.array_equal(make(seed=1).accuracy(CALLED), make().accuracy(CALLED))
    bootstrap = make()
    assert np.array_equal(bootstrap.accuracy(CALLED) - bootstrap.accuracy(CALLED), np.zeros(2000))


def test_pairing_makes_a_difference_surer_than_its_scores() -> None:
    better = np.where(np.arange(300) < 20, LABELS, CALLED)
    bootstrap = make()
    gain = bootstrap.accuracy(better) - bootstrap.accuracy(CALLED)
    assert interval(gain).low >= 0
    assert gain.std() < 0.5 * bootstrap.accuracy(CALLED).std()


def test_macro_f1_leaves_out_a_class_that_a_resample_lacks() -> None:
    labels = np.array([0, 1, 2])
    scores = make(labels, np.arange(3)).macro_f1(np.array([0, 1, 0]))
    drawn = {
        (0,): 1.0,
        (1,): 1.0,
        (2,): 0.0,
        (0, 1): 1.0,
        (1, 2): 0.5,
    }
    assert set(drawn.values()) < set(scores)
    # Once a 0 and twice a 2, all called 0; twice a 0 and once a 2; and each of the three once.
    assert {round(s, 6) for s in scores} == {0.0, 0.25, 0.4, 0.5, 0.555556, 1.0}


def test_the_interval_is_the_middle_95_percent() -> None:
    bounds = interval(np.arange(1001) / 1000)
    assert (bounds.low, bounds.high) == pytest.approx((0.025, 0.975))
    assert interval(np.full(10, 0.3)).low == interval(np.full(10, 0.3)).high == 0.3


def test_the_interval_holds_the_score_and_narrows_with_the_rows() -> None:
    widths = []
    for rows in (100, 1600):
        labels = draw_labels(rows)
        called = draw_called(labels, accuracy=0.7, seed=3)
        bounds = interval(make(labels, np.arange(rows)).accuracy(called))
        assert bounds.low < (labels == called).mean() < bounds.high
        widths.append(bounds.high - bounds.low)
    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.2)

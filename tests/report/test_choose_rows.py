import numpy as np

from chiasm.report.selection import choose_rows

LABELS = np.array([0, 1] * 20)


def probabilities() -> np.ndarray:
    """Every row is right with 0.8."""
    return np.where(LABELS[:, None] == [0, 1], 0.8, 0.2)


def test_mistakes_are_ordered_by_how_sure_the_model_was() -> None:
    made = probabilities()
    made[4], made[9], made[12] = [0.3, 0.7], [0.95, 0.05], [0.1, 0.9]
    assert choose_rows(made, LABELS, np.arange(40)).mistakes == (9, 12, 4)


def test_uncertain_rows_are_those_between_two_classes() -> None:
    made = probabilities()
    made[3], made[8] = [0.49, 0.51], [0.5, 0.5]
    assert choose_rows(made, LABELS, np.arange(40)).uncertain[:2] == (8, 3)


def test_duplicates_are_shown_once() -> None:
    made = 1 - probabilities()
    groups = np.arange(40) % 3
    chosen = choose_rows(made, LABELS, groups)
    for rows in (chosen.mistakes, chosen.uncertain):
        assert sorted(groups[list(rows)]) == [0, 1, 2]


def test_a_doubted_label_is_shown_once_and_kept_in_the_whole_list() -> None:
    made = probabilities()
    labels = LABELS.copy()
    labels[:10] = 1 - labels[:10]
    chosen = choose_rows(made, labels, np.arange(40))
    assert {error.row for error in chosen.label_errors} == set(range(10))
    assert not set(chosen.doubted) & {*chosen.mistakes, *chosen.uncertain}
    assert set(chosen.doubted) <= set(range(10))

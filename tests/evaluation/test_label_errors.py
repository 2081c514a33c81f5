import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chiasm.evaluation.label_errors import likely_label_errors

from .made_up import draw_labels, sure


def test_flipped_labels_are_found_and_only_they() -> None:
    truth = draw_labels(200)
    given_labels = truth.copy()
    flipped = np.array([7, 50, 120, 199])
    given_labels[flipped] = (truth[flipped] + 1) % 3
    found = likely_label_errors(sure(truth, classes=3), given_labels)
    assert sorted(error.row for error in found) == list(flipped)
    assert all(error.suggested == truth[error.row] for error in found)


def test_the_likeliest_error_comes_first() -> None:
    truth = np.array([0, 1] * 20)
    probabilities = sure(truth, classes=2, chance=0.8)
    labels = truth.copy()
    labels[[3, 8]] = 1 - truth[[3, 8]]
    probabilities[8] = [0.99, 0.01]
    first, second = likely_label_errors(probabilities, labels)
    assert (first.row, second.row) == (8, 3)
    assert first.margin > second.margin > 0


def test_a_row_below_what_is_usual_for_a_class_is_not_counted_as_one_of_it() -> None:
    """Rows labelled 1 get 0.95 of it, so 0.7 is too little to count as one."""
    labels = np.array([0] * 20 + [1] * 20)
    probabilities = np.concatenate(
        [sure([0] * 20, classes=2, chance=0.9), sure([1] * 20, classes=2, chance=0.95)]
    )
    probabilities[0] = [0.3, 0.7]
    assert likely_label_errors(probabilities, labels) == ()
    probabilities[0] = [0.02, 0.98]
    assert [error.row for error in likely_label_errors(probabilities, labels)] == [0]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_no_row_is_doubted_whose_label_is_the_most_probable_class(seed: int) -> None:
    random = np.random.default_rng(seed)
    classes = int(random.integers(2, 6))
    labels = random.integers(classes, size=40)
    probabilities = random.dirichlet(np.ones(classes), size=40)
    found = likely_label_errors(probabilities, labels)
    assert all(probabilities[e.row].argmax() != labels[e.row] != e.suggested for e in found)
    assert len({e.row for e in found}) == len(found)

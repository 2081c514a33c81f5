import numpy as np
import pytest

from chiasm.evaluation.comparison import (
    MAJORITY,
    Comparison,
    ComparisonRow,
    OutOfFold,
    Predictions,
    evaluate_one,
)
from chiasm.tasks.multiclass import Multiclass

from .made_up import CLASSES, compare, compare_all, draw_called, draw_labels, sure

LABELS = draw_labels(400)
TEXT = draw_called(LABELS, accuracy=0.7, seed=1)
IMAGE = draw_called(LABELS, accuracy=0.6, seed=2)
BETTER = draw_called(LABELS, accuracy=0.85, seed=3)
MAJOR = np.zeros(400, dtype=int)


def row(comparison: Comparison, name: str) -> ComparisonRow:
    return next(row for row in comparison.rows if row.name == name)


def test_a_fusion_that_repeats_the_best_modality_does_not_beat_it() -> None:
    comparison = compare({MAJORITY: MAJOR, "text": TEXT, "image": IMAGE, "late": TEXT}, LABELS)
    assert comparison.finding.startswith("Fusion does not beat the best single modality")
    gain = row(comparison, "late").accuracy_gain
    assert gain is not None
    assert (gain.mean, gain.low, gain.high) == (0, 0, 0)


def test_a_fusion_that_gains_too_little_does_not_beat_the_best_modality() -> None:
    hardly = TEXT.copy()
    wrong, right = np.flatnonzero(TEXT != LABELS), np.flatnonzero(TEXT == LABELS)
    hardly[wrong[:6]] = LABELS[wrong[:6]]
    hardly[right[:4]] = (LABELS[right[:4]] + 1) % 3
    comparison = compare({"text": TEXT, "image": IMAGE, "gated": hardly}, LABELS)
    assert comparison.finding.startswith("Fusion does not beat the best single modality beyond")
    assert "+0.5 points" in comparison.finding


def test_a_fusion_that_is_better_beyond_doubt_beats_the_best_modality() -> None:
    comparison = compare({"text": TEXT, "image": IMAGE, "late": TEXT, "gated": BETTER}, LABELS)
    fused, text = row(comparison, "gated").accuracy, row(comparison, "text").accuracy
    assert comparison.finding.startswith(
        f"Fusion beats the best single modality: gated {fused.mean:.3f} against text alone "
        f"{text.mean:.3f}, {100 * (fused.mean - text.mean):+.1f} points of accuracy"
    )


def test_a_fusion_that_is_worse_is_said_to_be() -> None:
    comparison = compare({"text": BETTER, "image": IMAGE, "late": TEXT}, LABELS)
    assert comparison.finding.startswith("Fusion does not beat")
    assert " -" in comparison.finding


def test_gains_are_over_the_best_modality_which_has_none() -> None:
    comparison = compare({"image": IMAGE, "text": TEXT, "late": BETTER}, LABELS)
    text = row(comparison, "text")
    assert text.accuracy_gain is None
    assert text.macro_f1_gain is None
    for name in ("image", "late"):
        evaluated = row(comparison, name)
        for gain, score, best in (
            (evaluated.accuracy_gain, evaluated.accuracy, text.accuracy),
            (evaluated.macro_f1_gain, evaluated.macro_f1, text.macro_f1),
        ):
            assert gain is not None
            assert gain.mean == score.mean - best.mean
            assert gain.low < gain.mean < gain.high


def test_scores_are_the_mean_and_deviation_over_folds() -> None:
    labels = np.array([0, 1, 2, 0, 1, 2, 0, 1])
    called = np.array([0, 1, 2, 0, 1, 0, 1, 0])
    comparison = compare({"text": called}, labels, folds=np.array([0, 0, 0, 0, 1, 1, 1, 1]))
    accuracy = comparison.rows[0].accuracy
    assert accuracy.mean == pytest.approx((1 + 1 / 4) / 2)
    assert accuracy.sd == pytest.approx(0.75 / 2**0.5)
    # In the second fold: F1 of 0, 1/2 and 0.
    assert comparison.rows[0].macro_f1.mean == pytest.approx((1 + (2 / 4) / 3) / 2)
    assert comparison.rows[0].metrics.accuracy == pytest.approx(5 / 8)


def test_the_finding_names_the_folds_where_some_were_left_out() -> None:
    called = {"text": TEXT, "late": BETTER}
    folds = np.arange(400) % 3 * 2
    some = compare(called, LABELS, folds=folds, of_folds=5)
    assert some.finding.endswith("), on 3 of 5 folds (1, 3, 5).")
    every = compare(called, LABELS)
    assert every.finding.endswith(").")
    assert "folds" not in every.finding


def test_one_fold_alone_has_no_deviation() -> None:
    one = compare({"text": TEXT}, LABELS, folds=np.full(400, 2), of_folds=5)
    assert one.finding.endswith("nothing was fused, on 1 of 5 folds (3).")
    assert one.rows[0].accuracy.sd is None
    assert one.rows[0].accuracy.mean == np.mean(TEXT == LABELS)


def test_intervals_hold_the_scores() -> None:
    for evaluated in compare_all().rows:
        for score in (evaluated.accuracy, evaluated.macro_f1):
            assert 0 <= score.low <= score.mean <= score.high <= 1


def test_groups_of_duplicates_widen_the_intervals() -> None:
    alone = compare({"text": TEXT}, LABELS).rows[0].accuracy
    order = np.argsort(TEXT == LABELS, kind="stable")
    groups = np.empty(400, dtype=int)
    groups[order] = np.arange(400) // 10
    together = compare({"text": TEXT}, LABELS, groups=groups).rows[0].accuracy
    assert together.mean == alone.mean
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_models_keep_their_order_parameters_and_seconds() -> None:
    comparison = compare({MAJORITY: MAJOR, "text": TEXT, "image": IMAGE, "late": TEXT}, LABELS)
    assert [(r.name, r.parameters, r.seconds) for r in comparison.rows] == [
        (MAJORITY, 0, 0.0),
        ("text", 101, 1.5),
        ("image", 102, 3.0),
        ("late", 103, 4.5),
    ]


def test_the_majority_is_neither_a_fusion_nor_a_modality() -> None:
    easy = np.zeros(400, dtype=int)
    easy[:3] = range(3)
    comparison = compare({MAJORITY: MAJOR, "text": TEXT, "late": TEXT}, easy)
    assert comparison.finding.startswith("Fusion does not beat the best single modality")
    assert "late" in comparison.finding
    assert row(comparison, MAJORITY).accuracy_gain is not None


def test_without_a_fusion_the_finding_says_so() -> None:
    comparison = compare({MAJORITY: MAJOR, "text": TEXT, "image": IMAGE}, LABELS)
    assert comparison.finding.startswith("text is the most accurate (0.")
    assert comparison.finding.endswith("nothing was fused.")


def test_without_a_single_modality_the_finding_says_so() -> None:
    comparison = compare({MAJORITY: MAJOR, "late": TEXT, "gated": BETTER}, LABELS)
    assert comparison.finding.startswith("gated is the most accurate (0.")
    assert comparison.finding.endswith("no single modality was compared with it.")
    assert all(r.accuracy_gain is None for r in comparison.rows)


def test_the_same_seed_gives_the_same_comparison() -> None:
    called = {"text": TEXT, "late": BETTER}
    rows = compare(called, LABELS, seed=3).rows
    assert compare(called, LABELS, seed=3).rows == rows
    assert compare(called, LABELS, seed=4).rows != rows


def test_a_class_that_a_fold_lacks_counts_in_no_average_of_it() -> None:
    labels = np.array([0, 1, 0, 1, 2, 2])
    comparison = compare({"text": labels}, labels, folds=np.array([0, 0, 0, 0, 1, 1]))
    assert comparison.rows[0].macro_f1.mean == 1.0


def judge_alone(called: np.ndarray) -> Comparison:
    tested = OutOfFold(
        ids=np.arange(400).astype(str),
        positions=np.arange(400),
        labels=LABELS,
        folds=np.zeros(400, dtype=int),
        of_folds=1,
        groups=np.arange(400),
        task=Multiclass(CLASSES),
        predictions={
            MAJORITY: Predictions(sure(MAJOR, classes=3), 0, 0.0),
            "gated": Predictions(sure(called, classes=3), 10, 1.0),
        },
    )
    return evaluate_one(tested, part="test rows", seed=0)


def test_one_model_is_judged_beside_the_commonest_class() -> None:
    comparison = judge_alone(BETTER)
    assert comparison.winner == "gated"
    right, common = (BETTER == LABELS).mean(), (LABELS == 0).mean()
    assert comparison.finding.startswith(f"gated is right in {right:.1%} of 400 test rows: ")
    assert f"{100 * (right - common):+.1f} points" in comparison.finding
    assert comparison.finding.endswith("over always answering 'negative'.")
    assert row(comparison, "gated").accuracy.sd is None


def test_one_model_that_is_no_better_than_the_commonest_class_is_said_to_be() -> None:
    assert judge_alone(MAJOR).finding.endswith("which does not beat it beyond doubt.")


def test_a_comparison_shows_itself_in_a_notebook() -> None:
    shown = compare_all(classes=("<script>", "&", "c"))._repr_html_()
    assert "cross_attention" in shown
    assert "<script>" not in shown


def test_the_winner_is_the_best_fusion_or_else_the_best_model() -> None:
    called = {MAJORITY: MAJOR, "text": BETTER, "image": IMAGE}
    assert compare(called, LABELS).winner == "text"
    assert compare(called | {"late": TEXT, "gated": IMAGE}, LABELS).winner == "late"

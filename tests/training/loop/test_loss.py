import numpy as np
import pytest
import torch

from chiasm.model.classifier import ClassifierOutput
from chiasm.tasks.multiclass import Multiclass
from chiasm.training.loop.loss import TrainingLoss

LABELS = np.array([0] * 8 + [1] * 2)


@pytest.mark.parametrize(
    ("kind", "expected"), [("none", [1, 1]), ("balanced", [0.4, 1.6]), ("sqrt", [2 / 3, 4 / 3])]
)
def test_class_weights_golden(kind: str, expected: list[float]) -> None:
    np.testing.assert_allclose(Multiclass(("a", "b")).class_weights(LABELS, kind), expected)


def test_a_class_without_rows_gets_a_finite_weight() -> None:
    assert np.isfinite(Multiclass(("a", "b", "c")).class_weights(LABELS, "balanced")).all()


def test_loss_is_smoothed_weighted_cross_entropy() -> None:
    logits, labels = torch.tensor([[2.0, 0.0], [0.0, 0.0]]), torch.tensor([0, 1])
    # Weighted 0.5 and 1.5.
    three_to_one = np.array([0, 0, 0, 1])
    loss = TrainingLoss(
        Multiclass(("a", "b")).loss(three_to_one, class_weight="balanced", label_smoothing=0.0)
    )
    right, even = np.log1p(np.exp(-2.0)), np.log(2.0)
    found = loss(ClassifierOutput(logits=logits), labels, num_items_in_batch=2)
    assert float(found) == pytest.approx((1 * right + 3 * even) / 4)


def test_losses_of_modalities_alone_are_averaged_over_the_rows_that_have_them() -> None:
    logits, labels = torch.tensor([[2.0, 0.0], [0.0, 0.0]]), torch.tensor([0, 1])
    alone = {
        "text": (torch.tensor([[9.0, 0.0], [0.0, 0.0]]), torch.tensor([False, True])),
        "image": (torch.tensor([[0.0, 0.0], [5.0, 5.0]]), torch.tensor([True, True])),
        "audio": (torch.zeros(2, 2), torch.tensor([False, False])),
    }
    own = Multiclass(("a", "b")).loss(LABELS, class_weight="none", label_smoothing=0.0)
    loss = TrainingLoss(own, auxiliary=0.5)
    fused = float(loss(ClassifierOutput(logits=logits), labels))
    found = float(loss(ClassifierOutput(logits=logits, auxiliary=alone), labels))
    assert found == pytest.approx(fused + 0.5 * np.log(2.0))

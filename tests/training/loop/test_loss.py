import numpy as np
import pytest
import torch

from chiasm.model.classifier import ClassifierOutput
from chiasm.training.loop.loss import ClassificationLoss, class_weights

LABELS = np.array([0] * 8 + [1] * 2)


@pytest.mark.parametrize(
    ("kind", "expected"), [("none", [1, 1]), ("balanced", [0.4, 1.6]), ("sqrt", [2 / 3, 4 / 3])]
)
def test_class_weights_golden(kind: str, expected: list[float]) -> None:
    torch.testing.assert_close(class_weights(LABELS, 2, kind), torch.tensor(expected).float())


def test_a_class_without_rows_gets_a_finite_weight() -> None:
    assert torch.isfinite(class_weights(LABELS, 3, "balanced")).all()


def test_loss_is_smoothed_weighted_cross_entropy() -> None:
    logits, labels = torch.tensor([[2.0, 0.0], [0.0, 0.0]]), torch.tensor([0, 1])
    loss = ClassificationLoss(class_weights=torch.tensor([1.0, 3.0]), label_smoothing=0.0)
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
    loss = ClassificationLoss(class_weights=torch.ones(2), label_smoothing=0.0, auxiliary=0.5)
    fused = float(loss(ClassifierOutput(logits=logits), labels))
    found = float(loss(ClassifierOutput(logits=logits, auxiliary=alone), labels))
    assert found == pytest.approx(fused + 0.5 * np.log(2.0))

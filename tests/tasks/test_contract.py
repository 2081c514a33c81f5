"""What every task keeps, whatever it predicts."""

import json

import numpy as np
import pytest
import torch
from model.letters import make_table

from chiasm.errors import ChiasmError
from chiasm.tasks.base import UNSEEN, Task
from chiasm.tasks.multiclass import Multiclass
from chiasm.tasks.registry import TASKS, learn_task, parse_task

LABELS = ["b", "a", None, "c", "a"]
TABLE = make_table(text=[f"text {i}" for i in range(len(LABELS))], labels=LABELS)


@pytest.fixture(params=TASKS)
def task(request: pytest.FixtureRequest) -> Task:
    return TASKS[request.param].of(TABLE, TABLE.labelled)


def test_a_task_is_written_and_read_as_it_was(task: Task) -> None:
    assert parse_task(json.loads(json.dumps(task.config()))) == task


def test_predictions_with_and_without_torch_are_the_same(task: Task) -> None:
    outputs = torch.randn(6, task.num_outputs, generator=torch.Generator().manual_seed(0))
    made = task.calibrate(outputs.double(), torch.tensor(1.7).double())
    np.testing.assert_allclose(task.calibrate_array(outputs.numpy(), 1.7), made, rtol=1e-6)


def test_a_prediction_of_a_row_does_not_depend_on_others(task: Task) -> None:
    outputs = np.random.default_rng(0).normal(size=(5, task.num_outputs))
    made = task.calibrate_array(outputs, 2.0)
    for row in range(5):
        np.testing.assert_array_equal(
            task.calibrate_array(outputs[row : row + 1], 2.0)[0], made[row]
        )
        assert task.decide(made[row : row + 1]) == task.decide(made)[row : row + 1]


def test_each_prediction_has_its_columns(task: Task) -> None:
    made = np.tile(task.baseline(_targets(task)), (4, 1))
    columns = task.columns(made)
    assert not {"id", "label", "problem"} & columns.keys()
    assert {len(column) for column in columns.values()} == {4}


def test_the_loss_is_finite_and_has_gradients_for_every_output(task: Task) -> None:
    targets = _targets(task)
    loss = task.loss(targets, class_weight="balanced", label_smoothing=0.1)
    outputs = torch.zeros(len(targets), task.num_outputs, requires_grad=True)
    loss(outputs, torch.from_numpy(targets)).backward()
    assert outputs.grad is not None
    assert torch.isfinite(outputs.grad).all()
    assert (outputs.grad.abs().sum(dim=0) > 0).all()


def test_the_metric_that_chooses_epochs_is_among_those_of_an_epoch(task: Task) -> None:
    targets = _targets(task)
    outputs = np.zeros((len(targets), task.num_outputs), dtype=np.float32)
    assert task.selection in task.validation_scores(outputs, targets)


def test_rows_of_unknown_labels_are_evaluated_as_wrong(task: Task) -> None:
    targets = np.append(_targets(task), UNSEEN)
    made = np.tile(task.baseline(targets), (len(targets), 1))
    widened, admitted, wider = task.admit_unseen(made, targets)
    assert (admitted != UNSEEN).all()
    assert wider.metrics(widened, admitted) == task.metrics(made, targets)
    assert task.metrics(made, targets).rows == len(targets)


def test_the_baseline_knows_nothing_but_the_targets() -> None:
    np.testing.assert_allclose(
        Multiclass(("a", "b", "c")).baseline(np.array([0, 0, 1, UNSEEN])), [2 / 3, 1 / 3, 0]
    )


def test_labels_set_the_classes_in_order() -> None:
    assert learn_task(TABLE, TABLE.labelled) == Multiclass(("a", "b", "c"))
    assert learn_task(TABLE, TABLE.labelled).targets(LABELS) == [1, 0, None, 2, 0]


def test_a_model_of_an_earlier_version_is_of_classes() -> None:
    assert parse_task({"classes": ["x", "y"]}) == Multiclass(("x", "y"))


def test_a_task_of_a_later_version_is_refused_in_words() -> None:
    with pytest.raises(ChiasmError, match=r"task 'ranking', which this version.*multiclass"):
        parse_task({"task": "ranking", "classes": []})


def _targets(task: Task) -> np.ndarray:
    return np.array([t for t in task.targets(TABLE.labels) if t is not None], dtype=np.int64)

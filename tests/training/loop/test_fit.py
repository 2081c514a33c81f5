import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from training_inputs import CONFIG, Interrupt, accuracy, make_model
from transformers import get_scheduler

from chiasm.errors import TrainingStopped
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import predict_logits
from chiasm.tasks.calibration import fit_temperature
from chiasm.training.config import TrainingConfig
from chiasm.training.loop import fitting
from chiasm.training.loop.batches import LengthGrouped
from chiasm.training.loop.epochs import Epoch
from chiasm.training.loop.fitting import fit
from chiasm.training.loop.optimizer import build_optimizer


def trained(
    rows: EncodedTable, validation: EncodedTable, folder: Path, config: TrainingConfig = CONFIG
) -> tuple[FusionClassifier, list[Epoch]]:
    model = make_model()
    epochs: list[Epoch] = []
    fit(model, rows, validation, config, checkpoints=folder, report=epochs.append)
    return model, epochs


def break_off(
    rows: EncodedTable, validation: EncodedTable, folder: Path, *, after: int
) -> list[Epoch]:
    """The epochs of a training that is stopped after some of them."""
    epochs = Interrupt(after)
    with pytest.raises(TrainingStopped):
        fit(make_model(), rows, validation, CONFIG, checkpoints=folder, report=epochs)
    return epochs


def validation_loss(model: FusionClassifier, rows: EncodedTable) -> float:
    logits = predict_logits(model, rows)
    return float(torch.nn.functional.cross_entropy(logits, torch.from_numpy(rows.labels)))


def test_training_learns_what_needs_both_modalities(
    train_rows: EncodedTable, validation_rows: EncodedTable, tmp_path: Path
) -> None:
    model, epochs = trained(train_rows, validation_rows, tmp_path)
    assert accuracy(predict_logits(model, validation_rows), validation_rows.labels) > 0.78
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3, 4, 5, 6]
    assert epochs[-1].validation_loss < epochs[0].validation_loss


def test_of_one_averaged_epoch_the_best_is_kept(
    train_rows: EncodedTable, validation_rows: EncodedTable, tmp_path: Path
) -> None:
    model, epochs = trained(
        train_rows, validation_rows, tmp_path, replace(CONFIG, averaged_epochs=1)
    )
    best = min(epoch.validation_loss for epoch in epochs)
    assert validation_loss(model, validation_rows) == pytest.approx(best, abs=1e-6)


def test_the_trainer_still_asks_for_batches_of_rows_of_like_length(
    train_rows: EncodedTable,
    validation_rows: EncodedTable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    orders = []

    class Watched(LengthGrouped):
        def __iter__(self) -> Iterator[int]:
            orders.append([*super().__iter__()])
            return iter(orders[-1])

    monkeypatch.setattr(fitting, "LengthGrouped", Watched)
    _, epochs = trained(train_rows, validation_rows, tmp_path)
    assert len(orders) == len(epochs)


def test_auxiliary_heads_and_tuned_encoders_are_trained_and_resumed(
    train_rows: EncodedTable, validation_rows: EncodedTable, tmp_path: Path
) -> None:
    config = replace(CONFIG, epochs=3, auxiliary_loss=0.5, encoder_learning_rate=1e-3)
    whole = make_model(tuned=True)
    before = whole.trainable_layers["text"].layers[0].weight.clone()
    rows = (train_rows, validation_rows, config)
    fit(whole, *rows, checkpoints=tmp_path / "whole", report=[].append)
    assert not torch.equal(whole.trainable_layers["text"].layers[0].weight, before)
    with pytest.raises(TrainingStopped):
        fit(make_model(tuned=True), *rows, checkpoints=tmp_path / "parts", report=Interrupt(1))
    resumed = make_model(tuned=True)
    fit(resumed, *rows, checkpoints=tmp_path / "parts", report=[].append)
    for name, weights in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], weights), name


def test_gradient_checkpointing_changes_nothing_but_memory(
    train_rows: EncodedTable, validation_rows: EncodedTable, tmp_path: Path
) -> None:
    models = []
    for checkpointing in (False, True):
        config = replace(CONFIG, epochs=2, gradient_checkpointing=checkpointing)
        model = make_model(tuned=True)
        folder = tmp_path / str(checkpointing)
        fit(model, train_rows, validation_rows, config, checkpoints=folder, report=[].append)
        models.append(model)
    torch.testing.assert_close(*(m.trainable_layers["text"].layers[0].weight for m in models))


def test_training_stops_early_without_improvement(
    train_rows: EncodedTable, validation_rows: EncodedTable, tmp_path: Path
) -> None:
    still = TrainingConfig(epochs=6, patience=0.3, learning_rate=1e-30)
    _, epochs = trained(train_rows, validation_rows, tmp_path, still)
    assert len(epochs) == 3


def test_the_same_seed_gives_the_same_model(
    train_rows: EncodedTable, validation_rows: EncodedTable, tmp_path: Path
) -> None:
    first, _ = trained(train_rows, validation_rows, tmp_path / "a")
    second, _ = trained(train_rows, validation_rows, tmp_path / "b")
    torch.testing.assert_close(
        predict_logits(first, validation_rows),
        predict_logits(second, validation_rows),
        rtol=0,
        atol=0,
    )


@pytest.mark.parametrize("after", [1, 4])
def test_resumed_equals_uninterrupted(
    train_rows: EncodedTable, validation_rows: EncodedTable, tmp_path: Path, after: int
) -> None:
    whole, epochs = trained(train_rows, validation_rows, tmp_path / "whole")
    interrupted = break_off(train_rows, validation_rows, tmp_path / "parts", after=after)
    assert len(interrupted) == after
    resumed, rest = trained(train_rows, validation_rows, tmp_path / "parts")
    assert [e.macro_f1 for e in [*interrupted, *rest]] == [e.macro_f1 for e in epochs]
    torch.testing.assert_close(
        predict_logits(resumed, validation_rows),
        predict_logits(whole, validation_rows),
        rtol=0,
        atol=0,
    )


def test_the_temperature_is_fitted_on_the_validation_rows(
    train_rows: EncodedTable, validation_rows: EncodedTable, tmp_path: Path
) -> None:
    model, _ = trained(train_rows, validation_rows, tmp_path)
    logits = predict_logits(model, validation_rows).numpy()
    assert float(model.temperature) == pytest.approx(
        fit_temperature(logits, validation_rows.labels)
    )


def test_validation_loss_is_over_rows_not_over_batches(
    train_rows: EncodedTable, validation_rows: EncodedTable, tmp_path: Path
) -> None:
    # 33 rows in batches of 32: a mean of batch means would weigh the last row like 32 others.
    rows = validation_rows.take(np.arange(33))
    still = TrainingConfig(epochs=1, batch_size=32, learning_rate=1e-30)
    model, epochs = trained(train_rows, rows, tmp_path, still)
    assert epochs[0].validation_loss == pytest.approx(validation_loss(model, rows), abs=1e-5)


def cut(checkpoint: Path) -> None:
    (checkpoint / "trainer_state.json").write_text('{"epoch": 3.')
    (checkpoint / "optimizer.pt").unlink()


def put_a_pipe(checkpoint: Path) -> None:
    (checkpoint / "optimizer.pt").unlink()
    os.mkfifo(checkpoint / "optimizer.pt")


@pytest.mark.parametrize("damage", [cut, put_a_pipe])
def test_a_checkpoint_that_was_not_written_to_its_end_is_not_gone_on_with(
    damage: Callable[[Path], None],
    train_rows: EncodedTable,
    validation_rows: EncodedTable,
    tmp_path: Path,
) -> None:
    whole, epochs = trained(train_rows, validation_rows, tmp_path / "whole")
    break_off(train_rows, validation_rows, tmp_path / "parts", after=3)
    last = max((tmp_path / "parts").glob("checkpoint-*"), key=lambda path: int(path.name[11:]))
    damage(last)
    resumed, rest = trained(train_rows, validation_rows, tmp_path / "parts")
    # From the checkpoint before it, that of the third epoch.
    assert [epoch.epoch for epoch in rest] == [4, 5, 6]
    assert [epoch.macro_f1 for epoch in rest] == [epoch.macro_f1 for epoch in epochs[3:]]
    for name, weights in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], weights), name


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("linear", [1, 0.5, 0]), ("constant", [1, 1, 1]), ("cosine", [1, 0.5, 0])],
)
def test_the_rate_falls_as_the_schedule_says(
    schedule: Literal["cosine", "linear", "constant"],
    expected: list[float],
    tmp_path: Path,
) -> None:
    config = replace(CONFIG, schedule=schedule, warmup=0.0)
    arguments = fitting._arguments(config, 1, tmp_path, selection="log_loss")
    optimizer = build_optimizer(make_model(), config)
    rates = get_scheduler(
        arguments.lr_scheduler_type, optimizer, num_warmup_steps=0, num_training_steps=10
    )
    found = []
    for step in range(11):
        if step in (0, 5, 10):
            found.append(optimizer.param_groups[0]["lr"] / config.learning_rate)
        optimizer.step()
        rates.step()
    assert found == pytest.approx(expected)

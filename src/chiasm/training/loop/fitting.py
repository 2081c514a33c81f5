"""fit: train a model on encoded rows."""

import math
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from safetensors import SafetensorError
from transformers import (
    EarlyStoppingCallback,
    EvalPrediction,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.integrations.integration_utils import TensorBoardCallback
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from chiasm.encoders.trainable.augmentation import RandomFlipAndCrop
from chiasm.errors import ChiasmError, TrainingStopped, UnreadableExample
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable, collate
from chiasm.model.logits import predict_logits
from chiasm.tasks.base import Task
from chiasm.training.config import TrainingConfig
from chiasm.training.loop.averaging import BestEpochs
from chiasm.training.loop.batches import LengthGrouped
from chiasm.training.loop.compute import (
    checkpoint_activations,
    distributed_state,
)
from chiasm.training.loop.epochs import Epoch, EpochLog
from chiasm.training.loop.interrupts import on_interrupt
from chiasm.training.loop.loss import TrainingLoss, WithAuxiliaryHeads
from chiasm.training.loop.optimizer import build_optimizer
from chiasm.utils.quiet import quiet
from chiasm.utils.reading import open_regular, refuse_holes
from chiasm.utils.writing import read_json

_SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}


# They tell of switches that users of this project lack ("Using the WANDB_DISABLED ...").
@quiet("transformers", "accelerate")
def fit(
    model: FusionClassifier,
    train: EncodedTable,
    validation: EncodedTable,
    config: TrainingConfig,
    *,
    checkpoints: Path,
    report: Callable[[Epoch], None],
    events: Path | None = None,
) -> None:
    """Train ``model`` in place, average its best epochs, and fit its temperature.

    Both are done on the validation rows; the best epochs are those of the lowest log loss. Several
    processes (torchrun) share the rows of each batch and come to the same model. What is
    kept of the epochs goes to ``checkpoints``; if that holds an unfinished training, it is gone on
    with and ends as if it had not stopped. ``events`` is a folder for those of TensorBoard.

    Raises:
        ChiasmError: a batch cannot be shared evenly by the processes.
        TrainingStopped: Ctrl-C was pressed; the step at hand was finished and a checkpoint written.
    """
    interrupted = _StopOnInterrupt()
    best_epochs = BestEpochs(checkpoints / "best", count=config.averaged_epochs)
    epochs = config.epochs_for(len(train))
    # Rows of like length together, so that little is computed on padding.
    validation = validation.take(np.argsort(validation.lengths, kind="stable"))
    for module in model.modules():
        if isinstance(module, RandomFlipAndCrop):
            module.enabled = config.augment
    trained = WithAuxiliaryHeads(model) if config.auxiliary_loss else model
    trainer = _Trainer(
        model=trained,
        args=_arguments(config, epochs, checkpoints, selection=model.task.selection),
        data_collator=collate,
        train_dataset=train,
        eval_dataset=validation,
        compute_loss_func=TrainingLoss(
            model.task.loss(
                train.labels,
                class_weight=config.class_weight,
                label_smoothing=config.label_smoothing,
            ),
            auxiliary=config.auxiliary_loss,
        ),
        optimizers=(build_optimizer(trained, config), None),
        compute_metrics=_validation_scores(model.task),
        callbacks=[
            best_epochs,
            EpochLog(model.fusion_config.name, report),
            EarlyStoppingCallback(early_stopping_patience=math.ceil(config.patience * epochs)),
            interrupted,
            *_event_writers(events),
        ],
    )
    trainer.remove_callback(PrinterCallback)
    processes = distributed_state()
    if processes.process_index:
        # Seeded alike, all would hide the same features and modalities of their rows.
        transformers.set_seed(config.seed + processes.process_index)
    memory = checkpoint_activations(model) if config.gradient_checkpointing else nullcontext()
    with on_interrupt(interrupted.press), memory:
        trainer.train(resume_from_checkpoint=_last_checkpoint(checkpoints))
    if interrupted.pressed:
        raise TrainingStopped
    processes.wait_for_everyone()  # one of them wrote the best epochs
    best_epochs.load_into(trained)
    temperature = model.task.fit_temperature(
        predict_logits(model, validation).numpy(), validation.labels
    )
    model.temperature.fill_(temperature)
    model.eval()


class _Trainer(Trainer):
    """The Trainer, with batches of rows of similar length, and words for a full disk.

    Several processes each take their part of a batch, so that it has the rows that it would have in
    one process.
    """

    train_dataset: EncodedTable

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGrouped:
        return LengthGrouped(
            self.train_dataset.lengths,
            batch_size=self.args.train_batch_size * self.args.world_size,
            seed=self.args.seed,
        )

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        try:
            super()._save_checkpoint(model, trial)
        except (RuntimeError, SafetensorError) as error:
            # What torch and safetensors make of an error of the disk.
            folder = self.args.output_dir
            raise OSError(f"A checkpoint in {folder} cannot be written: {error}") from error


def _event_writers(folder: Path | None) -> list[TensorBoardCallback]:
    if folder is None:
        return []
    # Here, as tensorboard comes with an extra.
    from torch.utils.tensorboard import SummaryWriter

    return [TensorBoardCallback(SummaryWriter(str(folder)))]  # type: ignore[no-untyped-call]


def _last_checkpoint(folder: Path) -> str | None:
    """The last checkpoint that was written to its end."""
    whole = [found for found in folder.glob(f"{PREFIX_CHECKPOINT_DIR}-*") if _is_whole(found)]
    last = max(whole, key=lambda found: int(found.name.rpartition("-")[2]), default=None)
    return None if last is None else str(last)


def _is_whole(checkpoint: Path) -> bool:
    try:
        for path in checkpoint.iterdir():
            with open_regular(path) as file:
                refuse_holes(file)
        # What the Trainer writes last.
        read_json(checkpoint / TRAINER_STATE_NAME)
    except (OSError, UnreadableExample):
        return False
    return True


def _arguments(
    config: TrainingConfig, epochs: int, folder: Path, *, selection: str
) -> TrainingArguments:
    processes = distributed_state().num_processes
    rows, left_over = divmod(config.batch_size, processes)
    if left_over:
        raise ChiasmError(
            f"{processes} processes cannot share a batch of {config.batch_size} rows evenly. Give "
            f"`batch_size` a multiple of {processes}."
        )
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=epochs,
        use_cpu=processes > 1 and not torch.cuda.is_available(),
        per_device_train_batch_size=rows,
        per_device_eval_batch_size=rows,
        # The loss is a mean already; made for sums, this would multiply it by the processes.
        average_tokens_across_devices=False,
        warmup_steps=config.warmup,
        lr_scheduler_type=_SCHEDULES[config.schedule],
        max_grad_norm=config.max_grad_norm,
        seed=config.seed,
        bf16=torch.cuda.is_available() and torch.cuda.is_bf16_supported(),
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="epoch",
        # With 1, Trainer deletes the last when it stops.
        save_total_limit=2,
        metric_for_best_model=selection,
        greater_is_better=False,
        report_to="none",
        restore_callback_states_from_checkpoint=True,
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_pin_memory=torch.cuda.is_available(),
        disable_tqdm=True,
    )


def _validation_scores(task: Task) -> Callable[[EvalPrediction], dict[str, float]]:
    def scores(prediction: EvalPrediction) -> dict[str, float]:
        return task.validation_scores(
            np.asarray(prediction.predictions), np.asarray(prediction.label_ids)
        )

    return scores


class _StopOnInterrupt(TrainerCallback):
    """Turns Ctrl-C into: finish the step, write a checkpoint, stop. A second one stops at once."""

    def __init__(self) -> None:
        self.pressed = False

    def press(self, *_: Any) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        if self.pressed:
            control.should_training_stop = True
            control.should_save = not _is_epoch_complete(state)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        if self.pressed and not _is_epoch_complete(state):
            # Judging a part of an epoch could make it the best one, which it is not in a run that
            # was not interrupted.
            control.should_log = control.should_evaluate = control.should_save = False


def _is_epoch_complete(state: TrainerState) -> bool:
    return state.global_step % (state.max_steps // state.num_train_epochs) == 0

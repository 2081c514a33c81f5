"""EpochLog: the Trainer's epochs, as they end."""

import time
from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from chiasm.training.epochs import Epoch


class EpochLog(TrainerCallback):
    """Collects an Epoch of a stage after each validation and hands it on."""

    def __init__(self, stage: str, report: Callable[[Epoch], None]) -> None:
        self._stage = stage
        self._report = report
        self._started = 0.0

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self._started = time.perf_counter()

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **given: Any,
    ) -> None:
        metrics: dict[str, float] = given["metrics"]
        self._report(
            Epoch(
                stage=self._stage,
                epoch=round(state.epoch or 0),
                train_loss=next(
                    log["loss"] for log in reversed(state.log_history) if "loss" in log
                ),
                validation_loss=metrics["eval_log_loss"],
                accuracy=metrics["eval_accuracy"],
                macro_precision=metrics["eval_macro_precision"],
                macro_recall=metrics["eval_macro_recall"],
                macro_f1=metrics["eval_macro_f1"],
                seconds=time.perf_counter() - self._started,
            )
        )

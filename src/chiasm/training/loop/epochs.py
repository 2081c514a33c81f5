"""One line an epoch, on screen and in the history of the run, as the epochs of the Trainer end."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training rows came to; all but ``train_loss`` on validation rows.

    ``stage`` is the fusion, or the modality, that was trained; each counts its epochs from 1.
    """

    stage: str
    epoch: int
    train_loss: float
    validation_loss: float
    accuracy: float
    macro_precision: float
    macro_recall: float
    macro_f1: float
    seconds: float


_COLUMNS = tuple(Epoch.__dataclass_fields__)
_WIDTH = max(map(len, _COLUMNS)) + 2


def epoch_header() -> str:
    """The names of the columns of ``epoch_line``."""
    return "".join(name.replace("_", " ").rjust(_WIDTH) for name in _COLUMNS)


def epoch_line(epoch: Epoch) -> str:
    """One epoch as a line of a table."""
    cells = [
        f"{value:.4f}" if isinstance(value, float) else str(value)
        for value in asdict(epoch).values()
    ]
    return "".join(cell.rjust(_WIDTH) for cell in cells)


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

"""BestEpochs: the average of the weights of the best few epochs."""

from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from chiasm.model.storage import read_metadata, read_tensors, write_tensors

_LOSS = "validation_loss"


class BestEpochs(TrainerCallback):
    """Keeps the weights of the epochs with the lowest validation loss, and averages them.

    One epoch chosen on few validation rows is chosen by luck; the average of several is steadier
    and costs nothing (Wortsman et al., "Model soups", 2022, with epochs of one run as ingredients).
    The weights lie in a folder, so that a resumed run averages the same epochs.

    Args:
        folder: where the weights lie while training goes on.
        count: how many epochs are averaged; 1: the best one.
    """

    def __init__(self, folder: Path, *, count: int) -> None:
        self._folder = folder
        self._count = count

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        if not state.is_world_process_zero:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / f"{round(state.epoch or 0):04d}.safetensors"
        model: nn.Module = given["model"]
        loss = given["metrics"]["eval_log_loss"]
        write_tensors(model.state_dict(), file, metadata={_LOSS: repr(loss)})
        for worse in self._by_loss()[self._count :]:
            worse.unlink()

    def load_into(self, model: nn.Module) -> None:
        """Give ``model`` the average of the weights of the best epochs."""
        best = [read_tensors(file) for file in self._by_loss()]
        model.load_state_dict(
            {name: torch.stack([w[name] for w in best]).double().mean(dim=0) for name in best[0]}
        )

    def _by_loss(self) -> list[Path]:
        whole = self._folder.glob("[0-9]*.safetensors")
        return sorted(whole, key=lambda file: (_loss(file), file.name))


def _loss(file: Path) -> float:
    return float(read_metadata(file)[_LOSS])

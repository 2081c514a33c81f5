import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from chiasm.errors import ChiasmError
from chiasm.training.loop.averaging import BestEpochs


def after_epochs(best: BestEpochs, epochs: list[tuple[float, float]], *, first: int = 1) -> None:
    """Tell it of epochs after which all weights have a value, with the validation loss."""
    for number, (value, loss) in enumerate(epochs, start=first):
        model = nn.Linear(2, 1)
        nn.init.constant_(model.weight, value)
        nn.init.constant_(model.bias, value)
        state = SimpleNamespace(epoch=number, is_world_process_zero=True)
        best.on_evaluate(None, state, None, model=model, metrics={"eval_log_loss": loss})


EPOCHS = [(1.0, 0.5), (2.0, 0.3), (4.0, 0.4), (8.0, 0.6)]


@pytest.mark.parametrize(("count", "expected"), [(1, 2.0), (2, 3.0), (9, 3.75)])
def test_the_weights_of_the_epochs_with_the_lowest_loss_are_averaged(
    tmp_path: Path, count: int, expected: float
) -> None:
    best = BestEpochs(tmp_path / "best", count=count)
    after_epochs(best, EPOCHS)
    model = nn.Linear(2, 1)
    best.load_into(model)
    for weights in model.parameters():
        assert torch.equal(weights, torch.full_like(weights, expected))


def test_a_resumed_run_averages_the_epochs_before_it_too(tmp_path: Path) -> None:
    after_epochs(BestEpochs(tmp_path, count=2), EPOCHS[:2])
    resumed = BestEpochs(tmp_path, count=2)
    after_epochs(resumed, EPOCHS[2:], first=3)
    model = nn.Linear(2, 1)
    resumed.load_into(model)
    assert model.bias.item() == 3.0


def test_weights_of_an_epoch_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    best = BestEpochs(tmp_path, count=2)
    after_epochs(best, EPOCHS[:2])
    (tmp_path / "0001.safetensors").unlink()
    os.mkfifo(tmp_path / "0001.safetensors")
    with pytest.raises(ChiasmError, match=r"0001\.safetensors is not as it was written"):
        best.load_into(nn.Linear(2, 1))


def test_no_more_epochs_lie_on_disk_than_are_averaged(tmp_path: Path) -> None:
    after_epochs(BestEpochs(tmp_path, count=2), EPOCHS)
    assert [file.name for file in sorted(tmp_path.iterdir())] == [
        "0002.safetensors",
        "0003.safetensors",
    ]

"""One line an epoch, on screen and in the run's history."""

from dataclasses import asdict, dataclass


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

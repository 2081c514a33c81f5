"""Runtime: an exported model, used without torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from chiasm.encoders.preprocessing.network_input import NetworkInput as RuntimeInput
from chiasm.runtime.row_prediction import RowPrediction
from chiasm.runtime.token_scores import TokenScores

__all__ = ["Runtime", "RuntimeInput", "load_runtime"]


class Runtime:
    """Predicts rows by the networks of an exported folder.

    Safe to be used by several threads at once.

    Attributes:
        name: the fusion and the encoders in a few words.
        classes: the labels, in the order of the probabilities.
        modalities: what a row may have.
    """

    name: str
    classes: tuple[str, ...]
    modalities: tuple[str, ...]

    def load(self, modality: str, content: str | bytes) -> RuntimeInput:
        """Check and preprocess one value: a text, or the content of a picture or sound file.

        Raises:
            UnreadableExample: the value cannot be decoded.
        """
        raise NotImplementedError

    def predict(
        self, rows: Sequence[Mapping[str, RuntimeInput]], *, contributions: bool = True
    ) -> list[RowPrediction]:
        """Predict rows, each with any of the modalities; no row's result depends on another."""
        raise NotImplementedError

    def occlude(
        self, row: Mapping[str, RuntimeInput], *, label: str | None = None
    ) -> dict[str, TokenScores]:
        """By how much the probability of a label (None: the predicted one) falls without a token.

        One token at a time is hidden from the fusion; encoders have seen the whole value.
        """
        raise NotImplementedError


def load_runtime(folder: Path) -> Runtime:
    """Read an exported folder, whose every file must be the one that its manifest names.

    Raises:
        ChiasmError: the folder is no whole export that this version can read.
    """
    raise NotImplementedError

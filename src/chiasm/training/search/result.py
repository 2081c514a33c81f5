"""Tuning: what trying settings came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from chiasm.training.recipe import Recipe
from chiasm.training.search.space import Setting


@dataclass(frozen=True)
class Scores:
    """How settings did on the test rows of a fold, and how many seconds that took."""

    macro_f1: float
    accuracy: float
    log_loss: float
    seconds: float


@dataclass(frozen=True)
class Trial:
    """One try.

    Attributes:
        number: the first is 1, and has the recipe's own settings.
        settings: what it was trained with.
        pruned: whether it was given up before it had seen all folds.
        folds: the scores of those it saw.
    """

    number: int
    settings: Mapping[str, Setting]
    pruned: bool
    folds: tuple[Scores, ...]

    @property
    def mean(self) -> Scores:
        """The scores averaged over the folds."""
        return mean_scores(self.folds)


@dataclass(frozen=True)
class Tuning:
    """The trials in their order.

    Attributes:
        recipe: with the settings of the best trial.
        trials: those that were finished.
        planned: how many there were to be.
        stopped: whether Ctrl-C ended it.
    """

    recipe: Recipe
    trials: tuple[Trial, ...]
    planned: int
    stopped: bool


def mean_scores(folds: Sequence[Scores]) -> Scores:
    """The mean of each score."""
    return Scores(
        **{f.name: float(np.mean([getattr(one, f.name) for one in folds])) for f in fields(Scores)}
    )


def ranked(trials: Sequence[Trial]) -> list[Trial]:
    """Those of the trials that saw all folds, by falling macro-F1; of equals the first."""
    return sorted((t for t in trials if not t.pruned), key=lambda t: -t.mean.macro_f1)

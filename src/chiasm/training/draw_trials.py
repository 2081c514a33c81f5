"""draw_trials: the course of a tuning as a picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.ticker import MaxNLocator

from chiasm.evaluation.views.blank_figure import blank_figure
from chiasm.training.tuning import Trial

_WHOLE = "#2f6690"
_PRUNED = "#9aa5b1"
_BEST = "#d98324"


def draw_trials(trials: Sequence[Trial], path: Path) -> None:
    """The score of each trial, the best so far, and where the recipe began."""
    figure = blank_figure(8, 4.5)
    axes = figure.subplots()
    for pruned, label, color in ((False, "all folds", _WHOLE), (True, "pruned", _PRUNED)):
        kind = [trial for trial in trials if trial.pruned is pruned]
        scores = [trial.mean.macro_f1 for trial in kind]
        axes.scatter([trial.number for trial in kind], scores, label=label, color=color, s=18)
    whole = [trial for trial in trials if not trial.pruned]
    best = np.maximum.accumulate([trial.mean.macro_f1 for trial in whole])
    axes.step(
        [*(trial.number for trial in whole), len(trials)],
        [*best, best[-1]],
        where="post",
        label="best so far",
        color=_BEST,
    )
    axes.axhline(best[0], label="the recipe itself", color=_WHOLE, linestyle=":", linewidth=1)
    axes.set_xlabel("trial")
    axes.set_ylabel("macro-F1, mean over the folds seen")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.grid(visible=True, alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper right", ncols=4, frameon=False)
    figure.savefig(path)

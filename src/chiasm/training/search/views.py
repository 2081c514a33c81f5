"""A tuning on the screen, and its course as a figure."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.ticker import MaxNLocator
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from chiasm.evaluation.figures import blank_figure
from chiasm.training.search.result import Trial, Tuning, ranked
from chiasm.training.search.space import Setting
from chiasm.utils.palette import BLUE, GREY, ORANGE

_SHOWN = 5
_SCORES = {"macro_f1": "macro-F1", "accuracy": "accuracy", "log_loss": "log loss"}
_CAUTION = (
    "The score of the best trial is optimistic: it is the highest of several on these very rows. "
    "Others must judge the recipe: a test part, or chiasm compare on rows it was not tuned on."
)


def render_tuning(tuning: Tuning) -> RenderableType:
    """What tuning gained, the best five trials, a column each, and how to take their scores."""
    best = ranked(tuning.trials)[:_SHOWN]
    grid = Grid(title="The best trials", title_justify="left", box=SIMPLE_HEAD)
    grid.add_column("trial", no_wrap=True)
    for trial in best:
        grid.add_column(str(trial.number), justify="right")
    for name, label in _SCORES.items():
        grid.add_row(label, *(f"{getattr(trial.mean, name):.3f}" for trial in best))
    grid.add_section()
    for name in best[0].settings:
        grid.add_row(name, *(_short(trial.settings[name]) for trial in best))
    return Group(Text(_finding(tuning), style="bold"), grid, Text(_CAUTION))


def _finding(tuning: Tuning) -> str:
    pruned = sum(trial.pruned for trial in tuning.trials)
    tried = f"{len(tuning.trials)} of {tuning.planned} trials, {pruned} of them pruned"
    first, best = tuning.trials[0], ranked(tuning.trials)[0]
    if best is first:
        return f"{tried}: none beats the recipe itself, macro-F1 {first.mean.macro_f1:.3f}."
    gain = best.mean.macro_f1 - first.mean.macro_f1
    return (
        f"{tried}: trial {best.number} is best, macro-F1 {best.mean.macro_f1:.3f}, "
        f"{100 * gain:+.1f} points over the recipe itself ({first.mean.macro_f1:.3f})."
    )


def _short(setting: Setting) -> str:
    return f"{setting:.3g}" if isinstance(setting, float) else str(setting)


def draw_trials(trials: Sequence[Trial], path: Path) -> None:
    """The score of each trial, the best so far, and where the recipe began."""
    figure = blank_figure(8, 4.5)
    axes = figure.subplots()
    for pruned, label, color in ((False, "all folds", BLUE), (True, "pruned", GREY)):
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
        color=ORANGE,
    )
    axes.axhline(best[0], label="the recipe itself", color=BLUE, linestyle=":", linewidth=1)
    axes.set_xlabel("trial")
    axes.set_ylabel("macro-F1, mean over the folds seen")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.grid(visible=True, alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper right", ncols=4, frameon=False)
    figure.savefig(path)

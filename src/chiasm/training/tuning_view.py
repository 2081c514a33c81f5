"""A tuning on the screen."""

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from chiasm.training.search_space import Setting
from chiasm.training.tuning import Tuning, ranked

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
    tried = f"{len(tuning.trials)} of {tuning.asked} trials, {pruned} of them pruned"
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

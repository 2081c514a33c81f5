"""Study: which settings to try next, and what became of those that were tried."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from chiasm.errors import ChiasmError, UnreadableExample
from chiasm.training.search.result import Scores, Trial, mean_scores
from chiasm.training.search.space import Choice, Range, SearchSpace, Setting
from chiasm.utils.extras import needs_extra
from chiasm.utils.reading import read_regular

with needs_extra("tune", "Tuning needs the package optuna"):
    import optuna
    from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from optuna.trial import TrialState

_NAME = "chiasm"
_FOLDS = "folds"
# A trial takes about 2 kB.
_MOST_OF_A_STUDY = 256 << 20
# What reading one raises that is not as it was written.
_BROKEN = (
    *(UnreadableExample, ValueError, LookupError, TypeError),
    *(AttributeError, AssertionError, RecursionError),
)
_FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)


class Study:
    """The trials of a tuning, in a file that outlives the process.

    A tree-structured Parzen estimator proposes settings (Bergstra et al., "Algorithms for
    Hyper-Parameter Optimization", 2011), the recipe's own being the first. What is tried next
    depends on the seed and the finished trials alone: one that was cut off is tried again, so that
    an interrupted study comes to the same trials as another.

    A trial is given up after a fold by which its mean macro-F1 is below the median of the others
    (Golovin et al., "Google Vizier", 2017, section 3.2.2).

    Args:
        file: where the trials lie, or will.
        space: where settings are looked for.
        folds: how many judge a trial.
        seed: of what is tried.

    Raises:
        ChiasmError: the file is not as it was written.
    """

    def __init__(self, file: Path, space: SearchSpace, *, folds: int, seed: int) -> None:
        self._study = _open(file)
        self._own = space.own
        self._distributions = {name: _distribution(each) for name, each in space.ranges.items()}
        self._folds = folds
        self._seed = seed
        for cut_off in self._study.get_trials(states=(TrialState.RUNNING,)):
            self._study.tell(cut_off.number, state=TrialState.FAIL)

    @property
    def trials(self) -> tuple[Trial, ...]:
        """The finished trials, in their order."""
        return tuple(
            Trial(
                number=number,
                settings=found.params,
                pruned=found.state == TrialState.PRUNED,
                folds=tuple(Scores(**scores) for scores in found.user_attrs[_FOLDS]),
            )
            for number, found in enumerate(self._study.get_trials(states=_FINISHED), start=1)
        )

    def try_next(self, evaluate: Callable[[Mapping[str, Setting]], Iterable[Scores]]) -> None:
        """Try the next settings; ``evaluate`` gives their scores fold by fold, as far as asked."""
        trial = self._begin()
        seen: list[Scores] = []
        pruned = False
        for scores in evaluate(trial.params):
            seen.append(scores)
            trial.report(mean_scores(seen).macro_f1, step=len(seen))
            pruned = len(seen) < self._folds and trial.should_prune()
            if pruned:
                break
        trial.set_user_attr(_FOLDS, [asdict(scores) for scores in seen])
        if pruned:
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self._study.tell(trial, mean_scores(seen).macro_f1)

    def _begin(self) -> optuna.Trial:
        finished = len(self._study.get_trials(states=_FINISHED))
        if not finished and not self._study.get_trials(states=(TrialState.WAITING,)):
            self._study.enqueue_trial(self._own)
        own_seed = np.random.SeedSequence([self._seed, finished]).generate_state(1)[0]
        self._study.sampler = optuna.samplers.TPESampler(seed=int(own_seed))
        return self._study.ask(self._distributions)


def _open(file: Path) -> optuna.Study:
    try:
        if os.path.lexists(file):
            read_regular(file, most=_MOST_OF_A_STUDY)
        return optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(file))),
            study_name=_NAME,
            direction="maximize",
            pruner=optuna.pruners.MedianPruner(),
            load_if_exists=True,
        )
    except _BROKEN as error:
        raise ChiasmError(
            f"{file} is not as it was written ({error}), so the tuning cannot be gone on with. "
            f"Delete {file.parent}, or choose another `out`."
        ) from error


def _distribution(searched: Range | Choice) -> BaseDistribution:
    if isinstance(searched, Choice):
        return CategoricalDistribution(searched.options)
    return FloatDistribution(searched.low, searched.high, log=searched.log)

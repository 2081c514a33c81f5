"""The folds of scikit-learn, sooner: by a method of its own that it does not promise to keep."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from chiasm.data.splitting.stratified_groups import StratifiedGroups


@pytest.mark.parametrize("seed", range(5))
def test_the_folds_are_those_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels, groups = random.integers(0, 3, 200), random.integers(0, 60, 200)
    rows = np.zeros((200, 1))
    own = StratifiedGroups(4).split(rows, labels, groups)
    expected = StratifiedGroupKFold(n_splits=4).split(rows, labels, groups)
    for (train, test), (its_train, its_test) in zip(own, expected, strict=True):
        assert np.array_equal(train, its_train)
        assert np.array_equal(test, its_test)


def test_scikit_learn_still_asks_where_each_group_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    find = StratifiedGroups._find_best_fold

    def count(self: StratifiedGroups, **given: np.ndarray) -> int:
        asked.append(given)
        return find(self, **given)

    monkeypatch.setattr(StratifiedGroups, "_find_best_fold", count)
    groups = np.arange(40) // 2
    list(StratifiedGroups(4).split(np.zeros((40, 1)), np.arange(40) % 4 // 2, groups))
    assert len(asked) == len(np.unique(groups))

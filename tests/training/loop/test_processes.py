import os
import signal

import pytest
from joblib import Parallel, delayed

from chiasm.errors import ChiasmError
from chiasm.training.loop.compute import side_by_side


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_killed_is_told_in_words() -> None:
    with pytest.raises(ChiasmError, match="killed from outside"), side_by_side():
        list(
            Parallel(n_jobs=2, return_as="generator_unordered")(
                [delayed(os.getpid)(), delayed(die)()]
            )
        )

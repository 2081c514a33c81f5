import os
import signal

import pytest
from joblib import Parallel, delayed

from chiasm.errors import ChiasmError
from chiasm.training.loop.compute import worker_pool


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_killed_is_told_in_words() -> None:
    with pytest.raises(ChiasmError, match="killed from outside"), worker_pool():
        list(
            Parallel(n_jobs=2, return_as="generator_unordered")(
                [delayed(os.getpid)(), delayed(die)()]
            )
        )

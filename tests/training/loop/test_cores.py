import os
import subprocess
import sys

import pytest
import torch

from chiasm.training.loop.compute import at_most


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (10_000, 3)])
def test_cores_are_taken_for_as_long_as_it_lasts_and_no_more_than_there_are(
    cores: int, threads: int
) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with at_most(cores):
            assert torch.get_num_threads() == threads
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(("said", "set_to"), [({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7")])
def test_threads_that_wait_sleep_soon_unless_the_user_says_otherwise(
    said: dict[str, str], set_to: str
) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "GOMP_SPINCOUNT"} | said
    look = (
        "import os, sys; from chiasm.cli.process import set_environment; set_environment();"
        "print(os.environ['GOMP_SPINCOUNT'], 'torch' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", look], env=environment, check=True, capture_output=True, text=True
    )
    # Set before torch is loaded, which reads it then and never again.
    assert found.stdout.split() == [set_to, "False"]

"""Settings of training that are more than a number in a range."""

import pytest

from chiasm.errors import ChiasmError
from chiasm.training.config import TrainingConfig


def test_validation_is_a_part_of_the_rows_or_so_many() -> None:
    assert TrainingConfig(validation=0.2).validation_part(100) == 0.2
    assert TrainingConfig(validation=25).validation_part(100) == 0.25
    with pytest.raises(ChiasmError, match=r"asks for 60 of 100 rows.*Give 50 at most"):
        TrainingConfig(validation=60).validation_part(100)


@pytest.mark.parametrize("validation", [0.0, 0.7, 1.5, -3, float("inf")])
def test_a_validation_that_is_neither_is_refused(validation: float) -> None:
    with pytest.raises(ChiasmError, match="validation is"):
        TrainingConfig(validation=validation)

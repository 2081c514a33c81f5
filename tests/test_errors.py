import pickle

import pytest

from chiasm import errors


@pytest.mark.parametrize(
    "error",
    [
        errors.DataError("no labels"),
        errors.UnreadableExample("cut short"),
        errors.TrainingStopped(),
    ],
)
def test_an_error_of_another_process_arrives_in_words(error: errors.ChiasmError) -> None:
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)

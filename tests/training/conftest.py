"""Rows of a problem that needs both modalities."""

import pytest
from training_inputs import make_rows

from chiasm.model.dataset import EncodedTable


@pytest.fixture(scope="session")
def train_rows() -> EncodedTable:
    return make_rows(160, seed=1)


@pytest.fixture(scope="session")
def validation_rows() -> EncodedTable:
    return make_rows(64, seed=2)

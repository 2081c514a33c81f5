"""What the tests of this room share."""

from collections.abc import Callable
from pathlib import Path

import pytest
from data_inputs import encode, noise

from chiasm.data.reading import read
from chiasm.data.table import Table

LAB = Path(__file__).parents[3] / "shared" / "data" / "lab"


@pytest.fixture(scope="session")
def lab() -> Path:
    if not LAB.is_dir():
        pytest.skip("the lab's data is not here")
    return LAB


@pytest.fixture(scope="session")
def lab_table(lab: Path) -> Table:
    return read(lab)


@pytest.fixture
def image(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str, seed: int = 0) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(noise(seed), "JPEG" if path.suffix == ".jpg" else "PNG"))
        return path

    return write

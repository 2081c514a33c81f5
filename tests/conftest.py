"""What tests of several rooms share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def own_feature_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or fills the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHIASM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tiny tensors: threads would only wait for each other, above all under pytest-xdist."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 120 generated reviews, 40 unseen ones and the truth."""
    from chiasm.samples import write_reviews

    folder = tmp_path_factory.mktemp("samples") / "reviews"
    write_reviews(folder, rows=120, unseen=40)
    return folder

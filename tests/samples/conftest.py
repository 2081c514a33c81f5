import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

from chiasm.samples import write_audiovisual, write_reviews


@dataclass(frozen=True)
class Written:
    folder: Path

    def rows(self, name: str) -> list[dict[str, str]]:
        with (self.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("sample") / "reviews"
    write_reviews(folder, rows=240, unseen=40)
    return Written(folder)


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("sample") / "audiovisual"
    write_audiovisual(folder, rows=120)
    return Written(folder)

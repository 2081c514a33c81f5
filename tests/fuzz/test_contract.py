"""A slice of ``make fuzz``, and everything that once broke the contract."""

import random
from pathlib import Path

import pytest

from tests.fuzz.inputs import inputs
from tests.fuzz.judge import try_once
from tests.fuzz.mutate import mutate
from tests.fuzz.targets import corpus, make_targets

COUNT = 8


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="module")
def targets(place: Path) -> dict[str, object]:
    pytest.importorskip("onnxscript")
    pytest.importorskip("soundfile")
    return make_targets(place)


def test_every_way_in_reads_or_fails_in_words(targets: dict, place: Path) -> None:
    for name, target in targets.items():
        assert try_once(target, target.files, place / "place") == ("read", None), name
        for files in inputs(name, target, COUNT, seed=1):
            _, broken = try_once(target, files, place / "place")
            assert broken is None, f"{name}: {broken}"


def test_what_once_broke_the_contract_no_longer_does(targets: dict, place: Path) -> None:
    seen = 0
    for name, target in targets.items():
        for content in corpus(name):
            *_, changed = [*target.files, *target.plain]
            _, broken = try_once(target, target.files | {changed: content}, place / "place")
            assert broken is None, f"{name}: {broken}"
            seen += 1
    assert seen == len(list((Path(__file__).parent / "corpus").iterdir())) > 0


def test_the_same_seed_makes_the_same_inputs() -> None:
    first, second = (mutate(b"id,text\n1,good\n", random.Random(3), [b"x"]) for _ in range(2))
    assert first == second

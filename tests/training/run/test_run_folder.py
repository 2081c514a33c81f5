import json
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from chiasm.errors import ChiasmError
from chiasm.training.loop.epochs import Epoch
from chiasm.training.run.folder import RunFolder
from chiasm.training.run.record import RunRecord, recorded_group_by

RECORD = RunRecord(
    command="chiasm train",
    recipe={"staged": True},
    data={"fingerprint": "rows"},
    encoders={"text": "letters"},
    versions={"chiasm": "1"},
)


# That of the same run, but for what it says of the data.
FOREIGN_DATA = json.dumps(asdict(RECORD) | {"data": ["rows"]})


def epoch(stage: str, number: int, *, loss: float = 1.0) -> Epoch:
    return Epoch(stage, number, loss, 1.0, 0.5, 0.5, 0.5, 0.5, 2.0)


def test_an_epoch_that_is_trained_again_takes_its_own_place(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, RECORD)
    for one in (epoch("text", 1), epoch("text", 2), epoch("late", 1), epoch("late", 2)):
        folder.add_epoch(one)
    # Killed before the checkpoints of both epochs were whole.
    again = RunFolder(tmp_path, RECORD)
    again.add_epoch(epoch("late", 1, loss=0.5))
    assert again.read_history() == (
        epoch("text", 1),
        epoch("text", 2),
        epoch("late", 1, loss=0.5),
    )


def test_a_run_has_begun_only_when_its_record_is_whole(tmp_path: Path) -> None:
    (tmp_path / ".part-run.json").write_text('{"command": "chi')
    assert not RunFolder(tmp_path, RECORD).goes_on
    assert RunFolder(tmp_path, RECORD).goes_on


@pytest.mark.parametrize("content", ["", "[1]", '{"recipe": 1}', FOREIGN_DATA, "[" * 100_000])
def test_a_record_that_cannot_be_read_is_of_another_run(tmp_path: Path, content: str) -> None:
    RunFolder(tmp_path, RECORD)
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(ChiasmError, match="other settings"):
        RunFolder(tmp_path, RECORD)


def pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


@pytest.mark.parametrize("make", [pipe, sparse])
@pytest.mark.parametrize("name", ["run.json", "history.csv"])
def test_no_file_of_a_run_is_waited_for(
    name: str, make: Callable[[Path], None], tmp_path: Path
) -> None:
    RunFolder(tmp_path, RECORD).add_epoch(epoch("late", 1))
    make(tmp_path / name)
    with pytest.raises(ChiasmError, match=r"other settings|holds no run|not as it was written"):
        RunFolder(tmp_path, RECORD).add_epoch(epoch("late", 2))


def test_what_was_left_half_written_may_be_anything(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".part-run.json")
    RunFolder(tmp_path, RECORD)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("checkpoints", "history.csv", "run.json")
    ]


def test_checkpoints_of_a_finished_run_are_never_gone_on_with(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, RECORD)
    (folder.checkpoints / "checkpoint-1").mkdir()
    # Killed while they were being removed.
    folder.checkpoints.rename(tmp_path / ".part-checkpoints")
    again = RunFolder(tmp_path, replace(RECORD, recipe={"staged": False}))
    assert not again.goes_on
    again.finish()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history.csv", "run.json"]


def test_what_made_rows_duplicates_in_a_run_is_known_from_its_record(tmp_path: Path) -> None:
    RunFolder(tmp_path, replace(RECORD, recipe={"group_by": ["image"]}))
    assert recorded_group_by(tmp_path) == ("image",)
    for content in ("", "[]", '{"recipe": {"group_by": null}}', '{"recipe": {}}'):
        (tmp_path / "run.json").write_text(content)
        assert recorded_group_by(tmp_path) is None
    assert recorded_group_by(tmp_path / "nowhere") is None

from pathlib import Path

import pytest

from chiasm.errors import ChiasmError
from chiasm.utils.locking import exclusive_lock
from chiasm.utils.outputs import check_own_folder


@pytest.mark.parametrize("folder", [True, False])
def test_a_second_writer_is_refused_until_the_first_is_done(tmp_path: Path, folder: bool) -> None:
    out = tmp_path / "out"

    def write() -> None:
        with exclusive_lock(out, folder=folder):
            pass

    with exclusive_lock(out, folder=folder), pytest.raises(ChiasmError, match="Another process"):
        write()
    write()


def test_a_folder_to_which_nothing_was_written_is_not_left_behind(tmp_path: Path) -> None:
    with exclusive_lock(tmp_path / "new" / "folder", folder=True):
        assert (tmp_path / "new" / "folder").is_dir()
    assert not (tmp_path / "new" / "folder").exists()


def test_a_file_where_a_folder_is_meant_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with (
        pytest.raises(ChiasmError, match="is a file"),
        exclusive_lock(tmp_path / "out", folder=True),
    ):
        pass


def test_what_a_killed_process_left_does_not_make_a_folder_foreign(tmp_path: Path) -> None:
    for name in (".lock", ".part-run.json", ".part"):
        (tmp_path / name).touch()
    check_own_folder(tmp_path, record=tmp_path / "run.json")
    (tmp_path / "mine").touch()
    with pytest.raises(ChiasmError, match="not empty"):
        check_own_folder(tmp_path, record=tmp_path / "run.json")

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from chiasm.utils.writing import atomic_write, atomic_writes


def test_what_is_there_stays_until_the_new_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "result.txt"
    file.write_text("earlier")
    with atomic_write(file) as part:
        part.write_text("half")
        assert file.read_text() == "earlier"
        # Writers that look at the ending of the name find it.
        assert part.suffix == ".txt"
        part.write_text("whole")
    assert file.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("writing", [atomic_write, atomic_writes])
def test_a_failure_leaves_what_was_there(
    tmp_path: Path, writing: Callable[[Path], AbstractContextManager[Path]]
) -> None:
    out = tmp_path if writing is atomic_writes else tmp_path / "a"
    (tmp_path / "a").write_text("earlier")

    def fail() -> None:
        with writing(out) as part:
            (part / "a" if part.is_dir() else part).write_text("half")
            raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        fail()
    assert (tmp_path / "a").read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_files_move_in_together_and_leave_others_alone(tmp_path: Path) -> None:
    for name in ("seal", "a", "others"):
        (tmp_path / name).write_text("earlier")
    with atomic_writes(tmp_path, seal="seal") as part:
        for name in ("seal", "a", "b"):
            (part / name).write_text("new")
        assert (tmp_path / "a").read_text() == "earlier"
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {"seal": "new", "a": "new", "b": "new", "others": "earlier"}


def test_the_seal_goes_first_and_comes_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a seal").write_text("earlier")
    (tmp_path / "b").write_text("earlier")
    seen: list[tuple[str, bool]] = []
    replace = Path.replace

    def watch(self: Path, target: Path) -> Path:
        seen.append((self.name, (tmp_path / "a seal").is_file()))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watch)
    with atomic_writes(tmp_path, seal="a seal") as part:
        for name in ("a seal", "b", "c"):
            (part / name).write_text("new")
    assert seen == [("b", False), ("c", False), ("a seal", False)]


def test_what_a_killed_process_left_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / ".part").mkdir()
    (tmp_path / ".part" / "stale").write_text("half")
    with atomic_writes(tmp_path) as part:
        (part / "new").write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]

"""What the system refuses is told in words."""

import errno
import os
from pathlib import Path

import pytest
from command_line import chiasm

from chiasm.cli.system_errors import tell_disk_error
from chiasm.data import reading
from chiasm.utils import writing


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "Free some disk space"),
        (errno.EDQUOT, "Free some disk space"),
        (errno.EFBIG, "Free some disk space"),
        (errno.EACCES, "that you may read and write"),
        (errno.EROFS, "that you may read and write"),
        (errno.EIO, "See to that place"),
    ],
)
def test_place_reason_and_what_to_do_are_told(number: int, advice: str) -> None:
    said = tell_disk_error(OSError(number, os.strerror(number), "/data/model"))
    assert said.startswith(f"/data/model: {os.strerror(number)}. ")
    assert advice in said


def test_a_full_disk_is_no_traceback(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path))

    monkeypatch.setattr(writing, "atomic_write", fail)
    reading = ("--feature", "visual=visual.npy", "--json", tmp_path / "check.json")
    assert chiasm("check", data, *reading) == 1
    said = capsys.readouterr().err
    assert "Error:" in said
    assert "Free some disk space" in " ".join(said.split())
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("can't start new thread"),
    ],
)
def test_too_little_memory_is_no_traceback(
    data: Path,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(reading, "assemble", fail)
    assert chiasm("check", data, "--feature", "visual=visual.npy") == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "not enough memory" in said
    assert "--batch-size" in said

"""What a system leaves in a folder is neither overwritten work nor a part of a model."""

from pathlib import Path

import pytest

from chiasm.encoders.huggingface.checkpoint import fingerprint_of
from chiasm.errors import ChiasmError, DataError
from chiasm.samples.make_folder import make_folder
from chiasm.utils.outputs import check_own_folder


def leave(folder: Path) -> None:
    for name in (".DS_Store", "._config.json", "Thumbs.db", "desktop.ini", "~$notes.txt"):
        (folder / name).write_bytes(b"\0\5\x16\7")


def test_a_folder_with_nothing_else_is_empty(tmp_path: Path) -> None:
    leave(tmp_path)
    make_folder(tmp_path)
    check_own_folder(tmp_path, record=tmp_path / "run.json")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="not empty"):
        make_folder(tmp_path)
    with pytest.raises(ChiasmError, match="not empty"):
        check_own_folder(tmp_path, record=tmp_path / "run.json")


def test_an_encoder_is_the_same_beside_it(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    before = fingerprint_of(tmp_path)
    leave(tmp_path)
    assert fingerprint_of(tmp_path) == before
    (tmp_path / "vocab.json").write_text("{}")
    assert fingerprint_of(tmp_path) != before

import json
import os
from pathlib import Path

import fsspec
import pytest

from chiasm.errors import ChiasmError
from chiasm.scale.shards import ShardFolder

MADE_OF = {"model": "one"}


@pytest.fixture(params=["a path", "memory://a/bucket"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "a path":
        return str(tmp_path / "parts")
    fsspec.filesystem("memory").rm("/", recursive=True)
    return str(request.param)


def begin(url: str, *, model: str = "one", parts: int = 3) -> ShardFolder:
    return ShardFolder(url, made_of={"model": model}, parts=parts)


def read_manifest(url: str) -> dict[str, object]:
    files, folder = fsspec.url_to_fs(url)
    return dict(json.loads(files.cat_file(f"{folder}/_manifest.json")))


def test_parts_that_the_manifest_names_are_done(url: str) -> None:
    folder = begin(url)
    assert folder.missing == [0, 1, 2]
    folder.add(2, b"last", rows=1)
    folder.add(0, b"first", rows=4)
    folder.write_manifest()
    assert not read_manifest(url)["complete"]
    again = begin(url)
    assert again.missing == [1]
    again.add(1, b"middle", rows=4)
    again.write_manifest()
    manifest = read_manifest(url)
    assert manifest["complete"]
    assert manifest["parts"] == [
        {"file": "part-00000.parquet", "rows": 4, "bytes": 5},
        {"file": "part-00001.parquet", "rows": 4, "bytes": 6},
        {"file": "part-00002.parquet", "rows": 1, "bytes": 4},
    ]
    assert begin(url).missing == []


def test_a_part_that_was_lost_or_cut_is_missing_again(url: str) -> None:
    folder = begin(url)
    for number in range(3):
        folder.add(number, b"content", rows=4)
    folder.write_manifest()
    files, path = fsspec.url_to_fs(url)
    files.rm(f"{path}/part-00000.parquet")
    files.pipe_file(f"{path}/part-00002.parquet", b"cont")
    assert begin(url).missing == [0, 2]


def test_a_process_that_was_killed_before_any_manifest_begins_anew(url: str) -> None:
    files, path = fsspec.url_to_fs(url)
    files.makedirs(path, exist_ok=True)
    files.pipe_file(f"{path}/part-00001.parquet", b"half")
    files.pipe_file(f"{path}/_manifest.json.part", b"{")
    assert begin(url).missing == [0, 1, 2]


def test_what_others_put_into_the_folder_is_left_alone(url: str) -> None:
    files, path = fsspec.url_to_fs(url)
    files.makedirs(path, exist_ok=True)
    files.pipe_file(f"{path}/thesis.doc", b"years of work")
    with pytest.raises(ChiasmError, match="is not empty"):
        begin(url)


def test_parts_by_another_model_are_refused(url: str) -> None:
    begin(url).write_manifest()
    with pytest.raises(ChiasmError, match="another model"):
        begin(url, model="two")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff", b'{"format": 1, "made_of": {"model": "one"}}']
)
def test_a_manifest_that_is_not_as_it_was_written_is_told(url: str, content: bytes) -> None:
    begin(url).write_manifest()
    files, path = fsspec.url_to_fs(url)
    files.pipe_file(f"{path}/_manifest.json", content)
    with pytest.raises(ChiasmError, match="not as it was written"):
        begin(url)


@pytest.mark.parametrize("name", ["_manifest.json", "_manifest.json.part", "part-00001.parquet"])
def test_no_pipe_is_waited_for(name: str, tmp_path: Path) -> None:
    begin(str(tmp_path)).write_manifest()
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    with pytest.raises(ChiasmError, match=f"{name} is no regular file"):
        begin(str(tmp_path))


def test_a_manifest_larger_than_any_is_not_read(tmp_path: Path) -> None:
    begin(str(tmp_path)).write_manifest()
    os.truncate(tmp_path / "_manifest.json", 1 << 40)
    with pytest.raises(ChiasmError, match="larger than any"):
        begin(str(tmp_path))


@pytest.mark.parametrize("url", ["nowhere://bucket", "{file}"])
def test_a_place_that_cannot_be_written_is_told_in_words(url: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ChiasmError, match=r"nowhere|cannot be used as a folder"):
        begin(url.format(file=tmp_path / "file"))

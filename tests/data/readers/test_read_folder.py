from pathlib import Path

import pytest
from data_inputs import encode, noise

from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.errors import DataError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "train.txt").write_text("guid,tag\n3,positive\n1,negative\n")
    (tmp_path / "test_without_label.txt").write_text("guid,tag\n2,null\n4,null\n")
    for guid, ending in zip("1234", (".jpg", ".JPEG", ".png", ".jpg"), strict=True):
        (tmp_path / f"data/{guid}.txt").write_bytes(f"text {guid} \n".encode())
        kind = "PNG" if ending == ".png" else "JPEG"
        (tmp_path / f"data/{guid}{ending}").write_bytes(encode(noise(int(guid)), kind))
    return tmp_path


def test_rows_of_train_come_first_then_those_of_test(folder: Path) -> None:
    table = read(folder)
    assert table.ids == ("3", "1", "2", "4")
    assert table.labels == ("positive", "negative", None, None)
    assert table.values["text"] == ("text 3", "text 1", "text 2", "text 4")
    assert [p.name for p in table.values["image"]] == ["3.png", "1.jpg", "2.JPEG", "4.jpg"]
    assert not table.problems


def test_a_label_file_is_read_alone(folder: Path) -> None:
    table = read(folder / "test_without_label.txt")
    assert table.ids == ("2", "4")
    assert table.labels == (None, None)


def test_folder_without_labels_is_refused(folder: Path) -> None:
    (folder / "train.txt").unlink()
    with pytest.raises(DataError, match=r"has no train.txt.*guid,tag.*data/GUID.txt"):
        read(folder)


def test_folder_without_its_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("guid,tag\n1,a\n")
    with pytest.raises(DataError, match="no folder"):
        read(tmp_path)


def test_other_text_files_are_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="begins with 'text 1'; a label file"):
        read(folder / "data" / "1.txt")


def test_missing_files_mark_the_modality_missing(folder: Path) -> None:
    (folder / "data/3.txt").unlink()
    (folder / "data/1.jpg").unlink()
    (folder / "data/4.txt").unlink()
    (folder / "data/4.jpg").unlink()
    table = read(folder)
    assert table.usable == (True, True, True, False)
    assert [(p.row, p.field, p.reason) for p in table.problems] == [
        ("3", "text", "file not found"),
        ("1", "image", "missing image"),
        ("4", "text", "file not found"),
        ("4", "image", "missing image"),
        ("4", "row", "no readable text or image"),
    ]


def test_guid_of_both_files_counts_once(folder: Path) -> None:
    (folder / "test_without_label.txt").write_text("guid,tag\n3,null\n4,null\n")
    assert read(folder).usable == (True, True, False, True)


def test_a_guid_cannot_reach_out_of_the_folder(folder: Path) -> None:
    (folder / "secret.txt").write_text("secret")
    (folder / "data/5.txt").symlink_to("/etc/passwd")
    (folder / "train.txt").write_text("guid,tag\n../secret,a\n/etc/passwd,a\n5,b\n1,b\n")
    table = read(folder / "train.txt")
    assert table.values["text"] == (None, None, None, "text 1")
    assert [p.reason for p in table.problems if p.row == "5" and p.field == "text"] == [
        "path leaves the data folder"
    ]


def test_folder_without_images_is_of_text_alone(folder: Path) -> None:
    for path in folder.glob("data/*"):
        if path.suffix != ".txt":
            path.unlink()
    assert read(folder).modalities == ("text",)


def test_undecodable_text_under_a_forced_encoding_is_missing(folder: Path) -> None:
    (folder / "data/1.txt").write_bytes(b"caf\xe9")
    table = read(folder, encoding="utf-8")
    assert table.values["text"][1] is None
    assert [p.reason for p in table.problems] == ["undecodable text"]


def test_an_encoding_in_which_the_header_is_another_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "rows.txt").write_bytes(b"guid,tag\n1,positive\n")
    with pytest.raises(DataError, match=r"not written in utf-16-le.*`encoding`"):
        read(tmp_path / "rows.txt", encoding="utf-16-le")


def test_the_lab_is_read_whole(lab_table: Table) -> None:
    table = lab_table
    assert (len(table), len(table.labelled), table.encoding) == (4511, 4000, "gb18030")
    assert table.classes == ("negative", "neutral", "positive")
    assert not table.problems
    # Valid as UTF-8 too, where it reads otherwise.
    assert table.values["text"][table.ids.index("4499")] == (
        "@doting_0120 (笑) http://t.co/8k0E4R7B97"
    )


def test_the_labs_test_rows_are_read_like_the_whole(lab: Path) -> None:
    table = read(lab / "test_without_label.txt")
    assert (len(table), table.encoding) == (511, "gb18030")

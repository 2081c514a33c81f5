# ruff: noqa: RUF001 - full-width characters are what is tested
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from data_inputs import encode, noise, png_header

from chiasm.data.readers.columns import Columns
from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.errors import DataError

Image = Callable[..., Path]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def reasons(table: Table) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for problem in table.problems:
        found.setdefault(problem.reason, []).append(problem.row)
    return found


def test_csv_with_common_names(tmp_path: Path, image: Image) -> None:
    image("photos/a.jpg")
    path = write(
        tmp_path / "r.csv",
        'Review,Photo,Sentiment\n"  Good, really\nnice ",photos/a.jpg,1.0\nbad,photos/a.jpg, 0\n',
    )
    table = read(path)
    assert table.values["text"] == ("Good, really\nnice", "bad")
    assert table.values["image"] == (tmp_path / "photos/a.jpg",) * 2
    assert table.labels == ("1", "0")
    assert table.ids == ("1", "2")
    assert table.classes == ("0", "1")
    assert table.encoding == "utf-8"
    assert not table.problems


def test_all_kinds_of_file_read_alike(tmp_path: Path, image: Image) -> None:
    image("a.png")
    frame = pd.DataFrame(
        {"text": ["good", "bad"], "image": ["a.png", "a.png"], "label": [1, 0], "id": ["x", "y"]}
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_csv(tmp_path / "t.tsv", index=False, sep="\t")
    frame.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    frame.to_parquet(tmp_path / "t.parquet")
    tables = [read(tmp_path / f"t.{kind}") for kind in ("csv", "tsv", "jsonl", "parquet")]
    assert tables[0].labels == ("1", "0")
    for table in tables:
        assert table.fingerprint == tables[0].fingerprint
        assert table.values == tables[0].values


def test_missing_named_column_is_refused_with_what_there_is(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "text,label\na,b\n")
    with pytest.raises(DataError, match=r"no column 'stars'.*'text', 'label'.*`label`"):
        read(path, columns=Columns(label="stars"))


def test_no_text_and_no_image_column_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "stars,label\na,b\n")
    with pytest.raises(
        DataError, match=r"no text, image or audio column.*'stars', 'label'.*`text`"
    ):
        read(path)


def test_ambiguous_columns_are_asked_about(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "text,label,sentiment\na,b,c\n")
    with pytest.raises(DataError, match=r"'label', 'sentiment'.*`label`"):
        read(path)
    assert read(path, columns=Columns(label="sentiment")).labels == ("c",)


def test_a_column_named_for_one_part_plays_no_other(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "review,content,label\nwords,pos,7\n")
    table = read(path, columns=Columns(text="review", label="content"))
    assert (table.values["text"], table.labels) == (("words",), ("pos",))


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl", "t.parquet"])
@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_empty_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(DataError, match="is empty"):
        read(write(tmp_path / name, content))


def test_header_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no rows"):
        read(write(tmp_path / "t.csv", "text,label\n"))


def test_unknown_kinds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no known kind"):
        read(write(tmp_path / "t.xlsx", "x"))
    with pytest.raises(DataError, match="no file or folder"):
        read(tmp_path / "none.csv")
    with pytest.raises(DataError, match="cannot be read from a list"):
        read([1, 2])
    with pytest.raises(DataError, match="Parquet"):
        read(write(tmp_path / "t.parquet", "text,label\n"))
    with pytest.raises(DataError, match="JSON object"):
        read(write(tmp_path / "t.jsonl", "text,label\na,b\n"))


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="named 'text'"):
        read(write(tmp_path / "t.csv", "text,text\na,b\n"))


def test_each_bad_image_is_marked_missing_and_its_row_stays(tmp_path: Path, image: Image) -> None:
    jpeg = encode(noise(size=(128, 128)), "JPEG")
    write(tmp_path / "cut.jpg", jpeg[: len(jpeg) // 2])
    write(tmp_path / "bomb.png", png_header(30_000, 30_000))
    write(tmp_path / "words.jpg", "no image")
    image("good.png")
    images = [
        *("good.png", "cut.jpg", "bomb.png", "words.jpg", "none.jpg", ""),
        *("../../etc/passwd", "/etc/passwd", "https://example.com/a.jpg"),
    ]
    rows = "".join(f"{name},t,{i % 2},r{i}\n" for i, name in enumerate(images))
    table = read(write(tmp_path / "t.csv", f"image,text,label,id\n{rows}"))
    assert all(table.usable)
    assert len(table.labelled) == 9
    assert table.values["image"] == (tmp_path / "good.png", *[None] * 8)
    assert [facts is not None for facts in table.facts["image"]] == [True] + [False] * 8
    found = reasons(table)
    assert found == {
        "truncated image": ["r1"],
        "image of more than 100 megapixels": ["r2"],
        "not an image (JPEG, PNG, GIF, WEBP, BMP, TIFF)": ["r3"],
        "file not found": ["r4"],
        "missing image": ["r5"],
        "path leaves the data folder": ["r6", "r7"],
        "URL (download it first)": ["r8"],
    }
    assert {p.action for p in table.problems} == {"marked missing"}
    assert [p.detail for p in table.problems if p.row == "r6"] == ["../../etc/passwd"]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path, image: Image) -> None:
    outside = image("elsewhere/a.png")
    inside = tmp_path / "data"
    inside.mkdir()
    (inside / "link.png").symlink_to(outside)
    path = write(inside / "t.csv", "text,image\nx,link.png\ny,../elsewhere/a.png\n")
    assert reasons(read(path)) == {"path leaves the data folder": ["1", "2"]}
    assert read(path, allow_outside=True).values["image"] == (outside, outside)


def test_paths_that_no_system_takes_are_not_found(tmp_path: Path) -> None:
    rows = [{"text": "x", "image": name} for name in ("a\0b", "n" * 5000, "🙂.png")]
    path = write(tmp_path / "t.jsonl", "\n".join(map(json.dumps, rows)))
    table = read(path)
    assert table.values["image"] == (None,) * 3
    assert all(table.usable)


def test_row_without_any_readable_modality_is_set_aside_in_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "text,image,label\na,,1\n ,none.jpg,1\nb,,0\n")
    table = read(path)
    assert table.usable == (True, False, True)
    assert table.labelled.tolist() == [0, 2]
    assert reasons(table)["no readable text or image"] == ["2"]


def test_nan_label_leaves_the_row_unlabelled_and_is_noted(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "text,label\na,NaN\nb,\nc,null\nd,1\n")
    table = read(path)
    assert table.labels == (None, None, None, "1")
    assert all(table.usable)
    assert reasons(table) == {"no label": ["1", "2"]}


def test_json_null_is_unlabelled_on_purpose_and_a_missing_key_is_not(tmp_path: Path) -> None:
    lines = ['{"text": "a", "label": null}', '{"text": "b"}', '{"text": "c", "label": "x"}']
    table = read(write(tmp_path / "t.jsonl", "\n".join(lines)))
    assert table.labels == (None, None, "x")
    assert reasons(table) == {"no label": ["2"]}


def test_unreadable_label_sets_the_row_aside(tmp_path: Path) -> None:
    lines = ['{"text": "a", "label": ["x", "y"]}', '{"text": "b", "label": "x"}']
    table = read(write(tmp_path / "t.jsonl", "\n".join(lines)))
    assert table.usable == (False, True)
    assert reasons(table) == {"unreadable label": ["1"]}


def test_duplicate_ids_set_the_later_rows_aside(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "guid,text\n7,a\n7,b\n8,c\n7.0,d\n,e\n,f\n")
    table = read(path)
    assert table.usable == (True, False, True, False, True, True)
    assert table.values["text"][1] == "b"
    assert reasons(table) == {"duplicate id": ["7", "7"], "no id": ["row 5", "row 6"]}


def test_broken_rows_are_set_aside_and_the_others_go_on(tmp_path: Path) -> None:
    table = read(write(tmp_path / "t.csv", "text,label\na,1,extra\nb,0\nc\n"))
    assert table.usable == (False, True, False)
    assert reasons(table) == {"not 2 cells, as the header has": ["1", "3"]}
    table = read(write(tmp_path / "t.jsonl", '{"text": "a"}\n{"text": \n[1]\n'))
    assert table.usable == (True, False, False)
    assert reasons(table) == {"not a JSON object": ["2", "3"]}


def test_a_quote_never_closed_is_refused_rather_than_swallowing_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", 'text,label\na,1\n"b,0\nc,1\n')
    with pytest.raises(DataError, match=r"line 3 and never closed"):
        read(path)


def test_long_text_is_accepted_as_it_is(tmp_path: Path) -> None:
    long = "word " * 40_000
    table = read(write(tmp_path / "t.csv", f'text,label\n"{long}",1\n'))
    assert table.values["text"] == (long.strip(),)
    assert not table.problems


def test_control_characters_do_no_harm(tmp_path: Path) -> None:
    table = read(write(tmp_path / "t.csv", "text,label\na\0b\x07c,1\nd,0\n"))
    assert len(table.labelled) == 2
    assert not table.problems


def test_on_bad_drop_drops_affected_rows_and_lists_them(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "id,text,label\na,x,1\nb,,1\nc,y,\nd,z,0\n")
    table = read(path, on_bad="drop")
    assert table.ids == ("a", "d")
    assert {(p.row, p.action) for p in table.problems} == {("b", "dropped"), ("c", "dropped")}


def test_on_bad_fail_lists_the_problems(tmp_path: Path) -> None:
    rows = "".join(f"r{i},,1\n" for i in range(9))
    path = write(tmp_path / "t.csv", f"id,text,label\nok,x,1\n{rows}")
    with pytest.raises(DataError, match=r"18 problems:\n  row r0: empty text[\s\S]*and 13 more"):
        read(path, on_bad="fail")
    assert len(read(write(tmp_path / "u.csv", "text,label\na,1\n"), on_bad="fail")) == 1
    with pytest.raises(DataError, match="keep, drop or fail"):
        read(path, on_bad="ignore")


@pytest.mark.parametrize("written", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encoding_is_found_and_reported(tmp_path: Path, written: str) -> None:
    rows = "".join(f"第{i}条：质量很好，非常喜欢这个商品,1\n" for i in range(40))
    table = read(write(tmp_path / "t.csv", f"text,label\n{rows}".encode(written)))
    assert table.values["text"][3] == "第3条：质量很好，非常喜欢这个商品"
    assert table.encoding == written.removesuffix("-sig")
    assert not table.problems


@pytest.mark.parametrize("rows", [1, 30, 1000])
@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "My son’s toy broke – not worth £20…"),
        ("cp1252", "Não é boa para o meu irmão"),
        ("cp1252", "20 € zu teuer bei 30° und mehr"),
        ("cp1251", "Заказал размер побольше и сидит отлично"),
        ("gb18030", "买给我儿子的，他很喜欢"),
    ],
)
def test_a_file_is_read_as_it_was_written_in_the_encodings_of_windows(
    encoding: str, text: str, rows: int, tmp_path: Path
) -> None:
    written = [f"{text} {row}" for row in range(rows)]
    lines = "".join(f"{line},{row % 2}\n" for row, line in enumerate(written))
    table = read(write(tmp_path / "t.csv", f"text,label\n{lines}".encode(encoding)))
    assert table.values["text"] == tuple(written)


def test_one_windows_text_among_a_thousand_plain_ones_is_read_rightly(tmp_path: Path) -> None:
    plain = "".join(f"plain words in row {row},{row % 2}\n" for row in range(999))
    lines = f"text,label\n{plain}It is my son’s and was £20,1\n"
    table = read(write(tmp_path / "t.csv", lines.encode("cp1252")))
    assert table.values["text"][-1] == "It is my son’s and was £20"


def test_forced_encoding_costs_only_the_texts_it_cannot_read(tmp_path: Path) -> None:
    data = b"text,label\ncaf\xc3\xa9,1\ncaf\xe9,1\nplain,0\nb,\xff\n"
    table = read(write(tmp_path / "t.csv", data), encoding="utf-8")
    assert table.values["text"] == ("café", None, "plain", "b")
    assert reasons(table)["undecodable text"] == ["2"]
    assert reasons(table)["unreadable label"] == ["4"]
    assert read(tmp_path / "t.csv", encoding="latin-1").values["text"][1] == "café"


def test_encoding_that_cannot_go_on_is_refused_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"as utf-16: .* in position \d+"):
        read(write(tmp_path / "t.csv", "text,label\nabc,1\n"), encoding="utf-16")


def test_broken_emoji_are_undecodable_text(tmp_path: Path) -> None:
    table = read(write(tmp_path / "t.jsonl", '{"text": "a\\ud83d"}\n{"text": "b"}\n'))
    assert reasons(table)["undecodable text"] == ["1"]


def test_a_number_too_long_for_json_breaks_its_row_alone(tmp_path: Path) -> None:
    lines = '{"text": "a", "label": ' + "1" * 5000 + '}\n{"text": "b", "label": 1}\n'
    assert read(write(tmp_path / "t.jsonl", lines)).usable[1]

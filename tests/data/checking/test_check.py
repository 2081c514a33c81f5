import io
import json
import re
from pathlib import Path

import pandas as pd
from data_inputs import encode, make_table, noise
from rich.console import Console

from chiasm.data.checking.report import CheckReport, check
from chiasm.data.checking.tables import render
from chiasm.data.reading import read
from chiasm.data.table import Table


def shown(report: CheckReport) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(render(report))
    return console.file.getvalue()


def test_counts_classes_and_the_majority_baseline() -> None:
    report = check(
        make_table(list("abcde"), ["x", "x", "y", None, "y"], usable=[True] * 4 + [False])
    )
    assert (report.rows, report.labelled, report.unlabelled, report.set_aside) == (5, 3, 1, 1)
    assert report.classes == {"x": 2, "y": 1}
    assert report.majority_accuracy == 2 / 3


def test_exact_stripped_and_near_duplicates_are_told_apart() -> None:
    texts = ["Good", "Good", " Good ", "good!", "other", None]
    report = check(read(pd.DataFrame({"text": texts, "label": list("xxxyxx")})))
    assert report.duplicates["text_exact"].rows == 2
    assert report.duplicates["text_stripped"].rows == 3
    assert report.duplicates["text_near"].examples == [["1", "2", "3", "4"]]
    assert report.conflicts["text"].groups == 1
    assert report.conflicts["any"].rows == 4


def test_images_are_compared_by_bytes_and_by_hash() -> None:
    images = [encode(noise(1)), encode(noise(1)), encode(noise(1), "BMP"), encode(noise(2))]
    report = check(read(pd.DataFrame({"image": images, "label": list("xxyx")})))
    assert report.duplicates["image_exact"].rows == 2
    assert report.duplicates["image_near"].rows == 3
    assert report.conflicts["image"].groups == 1
    assert report.text_characters is None


def test_unlabelled_rows_with_a_labelled_twin_are_named() -> None:
    table = make_table(
        ["same", "same", "alone", "twins", "twins"],
        ["x", None, None, None, None],
        ids=list("abcde"),
    )
    assert check(table).leakage.unlabelled == ["b"]


def test_the_group_column_makes_no_labelled_twin() -> None:
    table = make_table(["a", "b", "c"], ["x", None, "y"], group=["g", "g", None])
    assert check(table).leakage.unlabelled == []
    assert check(table).duplicates["any"].rows == 2


def test_rows_that_cross_a_given_split_are_named() -> None:
    table = make_table(
        ["one", "one", "two", "two", "three"],
        list("xxyyx"),
        ids=list("abcde"),
        split=["train", "test", "train", "train", "test"],
    )
    assert check(table).leakage.split == {"train": ["a"], "test": ["b"]}
    assert check(make_table(["a"], ["x"])).leakage.split is None


def test_sizes_and_problems_are_counted(tmp_path: Path) -> None:
    (tmp_path / "tiny.png").write_bytes(encode(noise(size=(3, 40))))
    (tmp_path / "good.png").write_bytes(encode(noise(size=(50, 40))))
    path = tmp_path / "t.csv"
    path.write_text(
        "text,image,label\nabc,tiny.png,1\n,good.png,0\nabcde,none.png,1\nx,none.png,0\n"
    )
    report = check(read(path))
    assert (report.image_pixels.minimum, report.image_pixels.maximum) == (3, 40)
    assert report.tiny_images == 1
    assert report.text_characters.median == 3
    assert report.present == {"text": 3, "image": 2}
    first = report.problems[0]
    assert (first.reason, first.rows) == ("file not found", 2)
    assert first.examples[0] == {"row": "3", "detail": "none.png"}


def test_classes_that_may_be_one_are_named() -> None:
    report = check(make_table(list("abcde"), ["Positive", "positive", "neutral", "neutrall", "no"]))
    for pair in ("Positive +1 +positive +1 ", "neutral +1 +neutrall +1 "):
        assert re.search(pair, shown(report))
    table = read(
        pd.DataFrame(
            {
                "text": ["a [/b]", "a [/b]", ""],
                "label": ["[/red]", "y", None],
                "id": ["[x]", "[/y]", "z"],
                "split": ["train", "test", "[/odd]"],
            }
        )
    )
    report = check(table)
    parsed = json.loads(json.dumps(report.as_dict()))
    assert parsed["rows"] == 3
    assert parsed["duplicates"]["text_exact"]["groups"] == 1
    text = shown(report)
    for said in ("[/red]", "[/y]", "empty text", "test, with a twin in another part"):
        assert said in text


def test_a_table_without_any_usable_row_can_be_checked() -> None:
    report = check(make_table([None, None], [None, None], usable=[False, False]))
    assert (report.majority_accuracy, report.text_characters) == (None, None)
    assert "set aside" in shown(report)


def test_the_labs_facts(lab_table: Table) -> None:
    report = check(lab_table)
    assert (report.rows, report.labelled, report.unlabelled) == (4511, 4000, 511)
    assert report.encoding == "gb18030"
    assert report.classes == {"positive": 2388, "negative": 1193, "neutral": 419}
    assert report.duplicates["text_exact"].groups == 153
    assert report.duplicates["text_stripped"].groups == 154
    assert report.duplicates["image_exact"].groups == 40
    assert abs(len(report.leakage.unlabelled) - 56) <= 3
    assert report.conflicts["any"].groups > 24

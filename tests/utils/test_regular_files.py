"""What is no regular file of a bounded size is told at once, wherever a name of it is given."""

import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from chiasm.data.reading import read
from chiasm.encoders.registry import load_encoder
from chiasm.errors import ChiasmError, UnreadableExample
from chiasm.inference.manifest import read_manifest
from chiasm.model.storage import load_model
from chiasm.recipes.files import load_recipe
from chiasm.utils.digests import digest_of
from chiasm.utils.reading import open_own, open_regular, read_own, read_regular


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    # The name of a socket is short, and that of a test's folder is not.
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def unfetched(path: Path) -> None:
    """What Git LFS puts in the place of a file that it has not fetched."""
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 12345\n")


KINDS = [pipe, listening, endless, folder, sparse, unfetched]
Make = Callable[[Path], None]


@pytest.mark.parametrize("make", KINDS)
def test_it_is_refused_without_waiting(make: Make, tmp_path: Path) -> None:
    make(tmp_path / "a")
    told = r"not a regular|cannot be read|larger than 5 MB|git lfs pull fetches it"
    with pytest.raises(UnreadableExample, match=told):
        read_regular(tmp_path / "a", most=5_000_000)


def test_a_file_of_the_size_that_is_allowed_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_regular(tmp_path / "a", most=5) == b"12345"
    with pytest.raises(UnreadableExample, match="larger"):
        read_regular(tmp_path / "a", most=4)
    with pytest.raises(UnreadableExample, match="file not found"):
        open_regular(tmp_path / "b")
    with pytest.raises(UnreadableExample, match="cannot be read"):
        open_regular(Path("a\0b"))


@pytest.mark.parametrize("content", [b"", b"12345"])
def test_a_sparse_file_has_no_digest(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    os.truncate(tmp_path / "a", 1 << 40)
    with pytest.raises(UnreadableExample, match=r"sparse file, of whose 1\.1 TB most is not there"):
        digest_of(tmp_path / "a")


def test_a_few_holes_are_read_as_what_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chiasm.utils.reading._MOST_OF_HOLES", 1 << 20)
    with (tmp_path / "a").open("wb") as file:
        file.write(b"1")
        file.seek(1 << 20)
        file.write(b"2")
    whole = hashlib.sha256((tmp_path / "a").read_bytes()).digest()
    assert digest_of(tmp_path / "a") == whole
    os.truncate(tmp_path / "a", 3 << 20)
    with pytest.raises(UnreadableExample, match="sparse"):
        digest_of(tmp_path / "a")


def test_no_link_leads_out_of_a_folder_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "data").mkdir()
    (own / "data" / "a").write_bytes(b"inside")
    (tmp_path / "outside").write_bytes(b"outside")
    (own / "a").symlink_to("data/a")
    (own / "b").symlink_to(tmp_path / "outside")
    assert read_own(own, "a", most=10) == b"inside"
    with pytest.raises(UnreadableExample, match="leads out"):
        read_own(own, "b", most=10)
    with pytest.raises(UnreadableExample, match="leads out"):
        open_own(own, "../outside")


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("column", ["image", "audio"])
def test_a_row_that_names_one_loses_only_that_value(
    column: str, make: Make, tmp_path: Path
) -> None:
    make(tmp_path / "a.bin")
    rows = {"text": ["good", "bad"], column: ["a.bin", ""], "label": ["x", "y"]}
    pd.DataFrame(rows).to_csv(tmp_path / "rows.csv", index=False)
    # The endless one lies outside, which is refused as such unless it is allowed.
    table = read(tmp_path / "rows.csv", allow_outside=True)
    assert table.values[column] == (None, None)
    assert table.usable == (True, True)
    assert [p.field for p in table.problems_of(0)] == [column]


@pytest.mark.parametrize("make", KINDS)
def test_a_text_of_a_labs_folder_is_no_exception(make: Make, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "train.txt").write_text("guid,tag\n1,x\n2,y\n")
    (tmp_path / "data" / "1.txt").write_text("good")
    make(tmp_path / "data" / "2.txt")
    table = read(tmp_path, allow_outside=True)
    assert table.values["text"] == ("good", None)


@pytest.mark.parametrize("make", KINDS)
def test_whatever_is_given_by_name_is_refused_in_words(make: Make, tmp_path: Path) -> None:
    for name in ("rows.csv", "rows.parquet", "rows.txt", "recipe.yaml"):
        make(tmp_path / name)
        with pytest.raises(ChiasmError, match=name.replace(".", r"\.")):
            read(tmp_path / name) if name.startswith("rows") else load_recipe(tmp_path / name)
    for name, load in (("config.json", load_model), ("manifest.json", read_manifest)):
        model = tmp_path / f"of {name}"
        model.mkdir()
        make(model / name)
        with pytest.raises(ChiasmError, match="no readable"):
            load(model)
    with pytest.raises(ChiasmError):
        load_encoder("text", str(tmp_path / "of config.json"))


@pytest.mark.parametrize("make", [pipe, listening])
@pytest.mark.parametrize("name", ["chat_template.jinja", "vocab.bpe", "tokenizer.json"])
def test_no_file_of_an_encoders_folder_is_waited_for(name: str, make: Make, tmp_path: Path) -> None:
    make(tmp_path / name)
    with pytest.raises(ChiasmError, match=f"{name}: "):
        load_encoder("text", str(tmp_path))


def test_aliases_of_a_recipe_are_few(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("training: {seed: &s 3, epochs: *s}\n")
    assert load_recipe(recipe).training.epochs == 3
    merged = ["&m0 {k0: 1}", *(f"&m{i} {{<<: [*m{i - 1}, *m{i - 1}]}}" for i in range(1, 28))]
    for text in (f"group_by: [{', '.join(merged)}]", f"group_by: [&a b{', *a' * 20}]"):
        recipe.write_text(text)
        with pytest.raises(ChiasmError, match="more than 16 aliases"):
            load_recipe(recipe)
    recipe.write_text("description: " + "a" * 200_000)
    with pytest.raises(ChiasmError, match="larger than 100 kB"):
        load_recipe(recipe)


@pytest.mark.parametrize(
    "value",
    [
        *("!!int ''", "!!float ''", "!!bool x", "!!timestamp x"),
        "0x" + "f" * 5000,
        "1" + ":1" * 3000,
    ],
)
def test_values_that_there_cannot_be_are_told(value: str, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"training: {{epochs: {value}}}\n")
    with pytest.raises(ChiasmError, match=r"recipe\.yaml"):
        load_recipe(recipe)


@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.jsonl", "rows.txt"])
def test_a_table_with_a_hole_is_no_text(name: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    path = tmp_path / name
    path.write_text("guid,tag\n1,x\n")
    os.truncate(path, 3 << 20)
    with pytest.raises(ChiasmError, match=r"rows\.\w+ is no text"):
        read(path)


def test_a_text_with_a_hole_loses_only_its_row(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "train.txt").write_text("guid,tag\n1,x\n2,y\n")
    for name in ("1", "2"):
        (tmp_path / "data" / f"{name}.txt").write_text("good")
    os.truncate(tmp_path / "data" / "2.txt", 3 << 20)
    assert read(tmp_path).values["text"] == ("good", None)


@pytest.mark.parametrize("name", ["vocab.txt", "spiece.model"])
def test_a_vocabulary_of_an_encoder_is_bounded(name: str, tmp_path: Path) -> None:
    sparse(tmp_path / name)
    with pytest.raises(ChiasmError, match=name):
        load_encoder("text", str(tmp_path))

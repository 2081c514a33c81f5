"""Anything at all may be in a file: what reads it works, or fails in words."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chiasm.data.checking.report import check
from chiasm.data.reading import read
from chiasm.errors import ChiasmError
from chiasm.recipes.files import load_recipe
from chiasm.training.recipe import Recipe
from chiasm.utils.encodings import decode, detect_encoding, known_encoding

FEW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SCALARS = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    st.sampled_from(["good", "null", "nan", "1.0", " 1 ", "\ud800", "a.jpg", "../a", "x" * 300]),
)
PLAIN = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
COLUMNS = ("id", "text", "image", "label", "split", "group", "other")


def refusal(work: Callable[[], object]) -> str | None:
    """What an error in words says; None: there was none. Any other error goes on up."""
    try:
        work()
    except ChiasmError as error:
        return str(error)
    return None


@FEW
@given(rows=st.lists(st.dictionaries(st.sampled_from(COLUMNS), PLAIN, max_size=5), max_size=6))
def test_rows_of_any_json_are_read_or_refused(tmp_path: Path, rows: list[dict]) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    try:
        table = read(path)
    except ChiasmError:
        return
    assert len(table) == len(rows)
    assert check(table).rows == len(rows)
    assert table.fingerprint == read(path).fingerprint


@FEW
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=80).map(str.encode)))
@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.jsonl", "rows.parquet", "rows.txt"])
def test_files_of_any_bytes_are_read_or_refused(tmp_path: Path, name: str, content: bytes) -> None:
    head = b"guid,tag\n" if name.endswith(".txt") else b"id,text,label\n"
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(head + content)
    assert refusal(lambda: check(read(tmp_path / name))) != ""


@FEW
@given(parts=st.lists(st.binary(max_size=60), max_size=5))
def test_any_texts_have_one_encoding_or_none(parts: list[bytes]) -> None:
    try:
        encoding = detect_encoding(parts)
    except ChiasmError:
        return
    assert known_encoding(encoding.name)


@FEW
@given(content=st.binary(max_size=60), name=st.sampled_from(["utf-8", "gb18030", "cp1252"]))
def test_what_cannot_be_decoded_is_kept_to_be_found(content: bytes, name: str) -> None:
    assert isinstance(decode(content, name), str)


@FEW
@given(settings_of=st.dictionaries(st.sampled_from([*Recipe.__dataclass_fields__, "x"]), PLAIN))
def test_a_recipe_of_any_settings_is_one_or_is_refused(tmp_path: Path, settings_of: dict) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(settings_of), encoding="utf-8", errors="surrogatepass")
    assert len(refusal(lambda: load_recipe(path)) or "") < 2000


@pytest.mark.parametrize(
    "text",
    [
        "training: {seed: " + "9" * 5000 + "}",
        "training: {epochs: 2001-99-99}",
        "a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a]\nfusion: {dim: *b}",
        "training: " + "[" * 3000,
        "training: {batch_size: 0}",
        "training: {seed: -1}",
        "training: {learning_rate: 1" + "0" * 400 + "}",
        "fusion: {heads: 0}",
        "fusion: {dim: 1000000}",
        "fusion: {dropout: 1.5}",
    ],
)
def test_settings_that_no_training_can_have_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "recipe.yaml").write_text(text)
    with pytest.raises(ChiasmError) as refused:
        load_recipe(tmp_path / "recipe.yaml")
    assert len(str(refused.value)) < 2000


def test_a_value_that_holds_itself_many_times_over_is_not_written_out(tmp_path: Path) -> None:
    levels = ["a0: &a0 [x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    (tmp_path / "recipe.yaml").write_text("\n".join([*levels, "fusion: {name: *a39}"]))
    with pytest.raises(ChiasmError) as refused:
        load_recipe(tmp_path / "recipe.yaml")
    assert len(str(refused.value)) < 2000


@pytest.mark.parametrize("name", ["undefined", "idna", "\0", "rot13", "utf-16", "punycode"])
def test_odd_encodings_read_or_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "rows.csv").write_bytes(
        "text,label\nÄäh\xff…,a\nb,c\n".encode("latin-1", "replace")
    )
    said = refusal(lambda: check(read(tmp_path / "rows.csv", encoding=name)))
    assert said is None or "encod" in said or "column" in said

"""Precomputed features as modalities: shapes, sources, and what is refused or marked missing."""

import io
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from chiasm.data.checking.report import check
from chiasm.data.duplicates.groups import duplicate_groups
from chiasm.data.media.vectors import WIDEST
from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.errors import DataError
from chiasm.evaluation.comparison import MAJORITY
from chiasm.fusion.build import JOINT_FUSIONS

MOSI = Path(__file__).parents[4] / "shared" / "data" / "mosi"
ROWS = 4


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    table = pd.DataFrame({"id": list("abcd"), "label": ["x", "y"] * 2, "empty": [""] * ROWS})
    table.to_csv(folder / "table.csv", index=False)
    return folder / "table.csv"


def numbers(*shape: int, seed: int = 0, dtype: str = "float32") -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=shape) * 10).astype(dtype)


def assert_rows(table: Table, expected: list[np.ndarray], name: str = "visual") -> None:
    for value, rows in zip(table.values[name], expected, strict=True):
        assert isinstance(value, np.ndarray)
        np.testing.assert_allclose(value, rows, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "uint8", "bool"])
def test_a_matrix_is_one_vector_a_row(source: Path, dtype: str) -> None:
    array = numbers(ROWS, 3, dtype=dtype)
    np.save(source.parent / "visual.npy", array)
    table = read(source, features={"visual": "visual.npy"})
    assert table.modalities == ("visual",)
    assert table.widths == {"visual": 3}
    assert_rows(table, [row[None] for row in array])


def test_a_cube_is_a_sequence_a_row(source: Path) -> None:
    array = numbers(ROWS, 5, 3)
    np.save(source.parent / "visual.npy", array)
    assert_rows(read(source, features={"visual": "visual.npy"}), list(array))


def test_a_large_file_stays_on_disk(source: Path) -> None:
    np.save(source.parent / "visual.npy", numbers(ROWS, 3))
    base: Any = read(source, features={"visual": "visual.npy"}).values["visual"][0]
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)


def test_a_file_of_holes_and_a_vector_that_no_model_takes_are_refused(source: Path) -> None:
    path = source.parent / "visual.npy"
    np.save(path, numbers(ROWS, WIDEST))
    assert read(source, features={"visual": "visual.npy"}).widths == {"visual": WIDEST}
    np.save(path, numbers(ROWS, WIDEST + 1))
    with pytest.raises(DataError, match=r"vectors of 131,073 numbers, and 131,072 are the most"):
        read(source, features={"visual": "visual.npy"})
    header = io.BytesIO()
    described = {"descr": "<f4", "fortran_order": False, "shape": (ROWS, 500_000_000)}
    np.lib.format.write_array_header_1_0(header, described)
    with path.open("wb") as file:
        file.write(header.getvalue())
        file.truncate(file.tell() + 4 * ROWS * 500_000_000)
    with pytest.raises(DataError, match=r"cannot be read from visual\.npy: a sparse file"):
        read(source, features={"visual": "visual.npy"})


def test_an_archive_gives_its_only_array_or_the_one_named(source: Path) -> None:
    one, two = numbers(ROWS, 3), numbers(ROWS, 2, seed=1)
    np.savez(source.parent / "one.npz", one=one)
    np.savez_compressed(source.parent / "both.npz", one=one, two=two)
    table = read(source, features={"a": "one.npz", "b": "both.npz:two"})
    assert_rows(table, [row[None] for row in one], "a")
    assert table.widths == {"a": 3, "b": 2}
    with pytest.raises(DataError, match=r"several arrays.*both\.npz:one or :two"):
        read(source, features={"a": "both.npz"})
    with pytest.raises(DataError, match=r"no array 'three', only one, two"):
        read(source, features={"a": "both.npz:three"})


def test_a_parquet_column_holds_vectors_or_ragged_sequences(tmp_path: Path) -> None:
    vectors = numbers(ROWS, 3).tolist()
    sequences = [numbers(length, 2).tolist() for length in (1, 4, 2, 3)]
    frame = pd.DataFrame({"vector": vectors, "sequence": sequences, "label": ["x", "y"] * 2})
    frame.to_parquet(tmp_path / "table.parquet")
    features = {"visual": "vector", "acoustic": "sequence"}
    for source in (tmp_path / "table.parquet", frame, pd.read_parquet(tmp_path / "table.parquet")):
        table = read(source, features=features)
        assert table.widths == {"visual": 3, "acoustic": 2}
        assert_rows(table, [np.array([row]) for row in vectors])
        assert_rows(table, [np.array(row) for row in sequences], "acoustic")


def test_a_column_may_name_a_file_a_row(source: Path) -> None:
    arrays = [numbers(2, 3), numbers(3)]
    for name, array in zip("ab", arrays, strict=True):
        np.save(source.parent / f"{name}.npy", array)
    np.save(source.parent.parent / "outside.npy", arrays[0])
    cells = ["a.npy", "b.npy", "../outside.npy", "gone.npy"]
    pd.DataFrame({"features": cells, "label": list("xyxy")}).to_csv(source, index=False)
    table = read(source, features={"visual": "features"})
    assert_rows(table.take([0, 1]), [arrays[0], arrays[1][None]])
    assert table.values["visual"][2:] == (None, None)
    found = [(p.row, p.reason, p.action) for p in table.problems if p.field == "visual"]
    assert found == [
        ("3", "path leaves the data folder", "marked missing"),
        ("4", "file not found", "marked missing"),
    ]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_a_row_that_is_not_finite_is_marked_missing_and_listed(source: Path, bad: float) -> None:
    array = numbers(ROWS, 2, 3, dtype="float64")
    array[1, 1, 2] = bad
    np.save(source.parent / "visual.npy", array)
    table = read(source, features={"visual": "visual.npy"})
    assert table.values["visual"][1] is None
    assert [(p.row, p.field, p.reason, p.action) for p in table.problems] == [
        ("b", "visual", "NaN or infinite features", "marked missing"),
        ("b", "row", "no readable visual", "set aside"),
    ]
    assert table.usable == (True, False, True, True)


@pytest.mark.parametrize("bad", [1e30, -1e30, 3e38, 1e16])
def test_a_row_of_numbers_too_large_to_compute_with_is_marked_missing_and_listed(
    source: Path, bad: float
) -> None:
    array = numbers(ROWS, 2, 3, dtype="float64")
    array[1, 1, 2] = bad
    array[2] = 1e14
    np.save(source.parent / "visual.npy", array)
    table = read(source, features={"visual": "visual.npy"})
    assert [value is None for value in table.values["visual"]] == [False, True, False, False]
    assert table.problems[0].reason == "features beyond ±1e+15 (scale them down)"


def test_a_whole_number_of_hundreds_of_digits_is_not_finite_either() -> None:
    frame = pd.DataFrame({"visual": [[1, 10**400], [1, 2]], "label": ["x", "y"]})
    table = read(frame, features={"visual": "visual"})
    assert table.problems[0].reason == "NaN or infinite features"


def test_features_that_are_of_use_in_no_row_are_refused_with_the_reason() -> None:
    frame = pd.DataFrame({"visual": [[1e30], [2e30]], "label": ["x", "y"]})
    with pytest.raises(
        DataError, match=r"missing in every row of visual: features beyond .*1e\+15"
    ):
        read(frame, features={"visual": "visual"})


def test_null_cells_and_empty_lists_are_missing() -> None:
    cells = [[1.0, 2.0], None, [], [1.0, None]]
    frame = pd.DataFrame({"text": list("abcd"), "visual": cells, "label": ["x", "y"] * 2})
    table = read(frame, features={"visual": "visual"})
    assert table.values["visual"][1:] == (None, None, None)
    assert [p.reason for p in table.problems] == [
        "missing features",
        "missing features",
        "NaN or infinite features",
    ]
    assert all(table.usable)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (numbers(ROWS + 1, 3), r"\(5, 3\).*4 rows.*\(4, d\)"),
        (numbers(ROWS), r"\(4,\)"),
        (numbers(ROWS, 1, 1, 1), r"\(4, 1, 1, 1\)"),
        (np.array(["a", "b", "c", "d"]), "not an array of numbers"),
        (np.zeros((ROWS, 2), dtype=complex), "not an array of numbers"),
        (np.zeros((ROWS, 0)), "visual.npy"),
    ],
)
def test_an_array_that_does_not_fit_the_rows_is_refused(
    source: Path, array: np.ndarray, said: str
) -> None:
    np.save(source.parent / "visual.npy", array)
    with pytest.raises(DataError, match=said):
        read(source, features={"visual": "visual.npy"})


class Bomb:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (pytest.fail, ("a pickle was run",))


def test_pickled_objects_are_refused_and_never_run(source: Path) -> None:
    folder = source.parent
    objects = np.array([Bomb()] * ROWS, dtype=object)
    np.save(folder / "visual.npy", objects)
    np.savez(folder / "visual.npz", objects)
    (folder / "plain.npy").write_bytes(pickle.dumps(Bomb()))
    (folder / "plain.npz").write_bytes(pickle.dumps(Bomb()))
    for name in ("visual.npy", "visual.npz", "plain.npy", "plain.npz"):
        with pytest.raises(DataError, match="Python objects are not read"):
            read(source, features={"visual": name})


@pytest.mark.parametrize("name", ["visual.npy", "visual.npz"])
def test_features_that_are_a_pipe_are_refused(source: Path, name: str) -> None:
    os.mkfifo(source.parent / name)
    with pytest.raises(DataError, match="not a regular file"):
        read(source, features={"visual": name})


@pytest.mark.parametrize("content", [b"", b"0.1 0.2", b"\x93NUMPY\x01\x00cut", b"PK\x03\x04cut"])
@pytest.mark.parametrize("name", ["visual.npy", "visual.npz"])
def test_a_broken_file_is_refused(source: Path, name: str, content: bytes) -> None:
    (source.parent / name).write_bytes(content)
    with pytest.raises(DataError, match=f"cannot be read from {name}"):
        read(source, features={"visual": name})


def test_a_file_outside_of_the_folder_is_refused_unless_allowed(source: Path) -> None:
    np.save(source.parent.parent / "visual.npy", numbers(ROWS, 3))
    with pytest.raises(DataError, match=r"path leaves the data folder.*`allow_outside`"):
        read(source, features={"visual": "../visual.npy"})
    table = read(source, features={"visual": "../visual.npy"}, allow_outside=True)
    assert table.widths == {"visual": 3}


@pytest.mark.parametrize(
    "cells",
    [
        ["0.1 0.2", "0.3 0.4"],
        [["1", "2"], ["3", "4"]],
        [[[1.0, 2.0], [3.0]], [[1.0, 2.0], [3.0]]],
        [0.5, 0.7],
        [{"a": 1}, {"a": 2}],
    ],
)
def test_a_column_without_vectors_of_numbers_is_refused(cells: list[Any]) -> None:
    frame = pd.DataFrame({"visual": cells, "label": ["x", "y"]})
    with pytest.raises(DataError, match=r"'visual' of row 1 are .*list of numbers"):
        read(frame, features={"visual": "visual"})


def test_vectors_of_different_lengths_are_refused_with_their_rows() -> None:
    frame = pd.DataFrame({"visual": [[1, 2], [1, 2], [1, 2, 3]], "label": list("xyx")})
    with pytest.raises(DataError, match=r"2 numbers a vector in row 2 and 3 in row 3"):
        read(frame, features={"visual": "visual"})


def test_features_that_every_row_lacks_are_refused(source: Path) -> None:
    with pytest.raises(DataError, match="missing in every row of empty"):
        read(source, features={"visual": "empty"})


def test_an_absent_column_is_refused_with_those_there_are(source: Path) -> None:
    with pytest.raises(DataError, match=r"no column 'vectors'.*'id', 'label', 'empty'"):
        read(source, features={"visual": "vectors"})


@pytest.mark.parametrize("name", ["text", "image", "audio", "label", "split", "a-b", "", "1a"])
def test_a_name_that_no_modality_can_have_is_refused(source: Path, name: str) -> None:
    with pytest.raises(DataError, match="cannot be named"):
        read(source, features={name: "visual.npy"})


@pytest.mark.parametrize("name", [*JOINT_FUSIONS, MAJORITY])
def test_a_name_that_a_comparison_gives_to_another_model_is_refused(
    source: Path, name: str
) -> None:
    with pytest.raises(DataError, match=f"cannot be named '{name}'.* none of .*{name}"):
        read(source, features={name: "visual.npy"})


def test_a_column_of_features_is_not_taken_for_another_part() -> None:
    frame = pd.DataFrame({"audio": [[1.0], [2.0]], "label": ["x", "y"]})
    assert read(frame, features={"acoustic": "audio"}).modalities == ("acoustic",)


def test_rows_with_features_alone_are_grouped_by_the_group_column_only(source: Path) -> None:
    np.save(source.parent / "visual.npy", np.ones((ROWS, 3)))
    table = read(source, features={"visual": "visual.npy"})
    assert duplicate_groups(table).tolist() == [0, 1, 2, 3]
    pd.DataFrame({"video": list("vwvx"), "label": list("xyxy")}).to_csv(source, index=False)
    frame = pd.read_csv(source).rename(columns={"video": "group"})
    frame.to_csv(source, index=False)
    grouped = read(source, features={"visual": "visual.npy"})
    assert duplicate_groups(grouped).tolist() == [0, 1, 0, 2]
    assert check(grouped).present == {"visual": ROWS}


def test_other_numbers_are_another_table(source: Path) -> None:
    def fingerprint(array: np.ndarray) -> str:
        np.save(source.parent / "visual.npy", array)
        return read(source, features={"visual": "visual.npy"}).fingerprint

    array = numbers(ROWS, 3)
    assert fingerprint(array) == fingerprint(array.astype("float64"))
    assert fingerprint(array) != fingerprint(array[::-1])
    assert fingerprint(array.reshape(ROWS, 3, 1)) != fingerprint(array)


def test_the_opinions_have_every_modality_in_every_row() -> None:
    if not MOSI.is_dir():
        pytest.skip("the spoken opinions are not here")
    table = read(
        MOSI / "utterances.csv", features={"visual": "visual.npy", "acoustic": "audio.npy"}
    )
    assert len(table.labelled) == len(table) == 2199
    assert table.modalities == ("text", "visual", "acoustic")
    assert table.widths == {"visual": 100, "acoustic": 73}
    assert all(value is not None for column in table.values.values() for value in column)

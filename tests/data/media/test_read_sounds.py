"""Audio clips as the third raw modality: found, located, verified, tied and counted like images."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from chiasm.data.checking.report import check
from chiasm.data.checking.tables import render
from chiasm.data.duplicates.groups import find_groups
from chiasm.data.media.audio import inspect_audio
from chiasm.data.reading import read
from chiasm.errors import DataError

RATE = 8000


def samples(seed: int, *, seconds: float = 0.5) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, int(RATE * seconds))


def wav(seed: int, *, seconds: float = 0.5) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples(seed, seconds=seconds), RATE, format="WAV")
    return file.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two audio clips, one of them twice, one broken, and a file outside of the data's folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name, content in (("a", wav(1)), ("b", wav(2, seconds=1)), ("c", wav(1))):
        (folder / f"{name}.wav").write_bytes(content)
    (folder / "broken.wav").write_bytes(b"RIFF and nothing else")
    (tmp_path / "outside.wav").write_bytes(wav(3))
    return folder


def write_table(folder: Path, paths: list[str], column: str = "wav") -> Path:
    table = pd.DataFrame({column: paths, "label": ["x", "y"] * (len(paths) // 2)})
    table.to_csv(folder / "table.csv", index=False)
    return folder / "table.csv"


@pytest.mark.parametrize("column", ["audio", "Audio Path", "wav", "sound", "speech", "recording"])
def test_a_column_of_audio_is_found_by_its_name(folder: Path, column: str) -> None:
    table = read(write_table(folder, ["a.wav", "b.wav"], column))
    assert table.modalities == ("audio",)
    assert table.values["audio"] == (folder / "a.wav", folder / "b.wav")
    facts = table.facts["audio"][1]
    assert facts is not None
    assert (facts.seconds, facts.rate, facts.channels) == (1.0, RATE, 1)


def test_each_unreadable_audio_is_marked_missing_and_its_row_stays_in_place(folder: Path) -> None:
    paths = ["a.wav", "none.wav", "../outside.wav", "http://x.org/a.wav", "broken.wav", ""]
    table = read(write_table(folder, paths))
    assert table.values["audio"] == (folder / "a.wav", *[None] * 5)
    assert [facts is not None for facts in table.facts["audio"]] == [True] + [False] * 5
    assert table.usable == (True,) + (False,) * 5
    reasons = [p.reason for p in table.problems if p.field == "audio"]
    assert len(reasons) == 5
    assert (reasons[1], reasons[2], reasons[4]) == (
        "path leaves the data folder",
        "URL (download it first)",
        "missing audio",
    )
    assert {p.action for p in table.problems if p.field == "audio"} == {"marked missing"}


def test_audio_outside_of_the_folder_are_read_where_that_is_allowed(folder: Path) -> None:
    table = read(write_table(folder, ["a.wav", "../outside.wav"]), allow_outside=True)
    assert table.values["audio"][1] == folder.parent / "outside.wav"


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "int32"])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_decoded_audio_in_memory_keeps_its_samples(dtype: str, channels: int) -> None:
    scale = np.iinfo(dtype).max if dtype.startswith("int") else 1
    array = np.stack([samples(n) * scale for n in range(channels)], axis=1).astype(dtype)
    array = array[:, 0] if channels == 1 else array
    cells = [{"array": array, "sampling_rate": RATE, "path": None}, wav(1)]
    table = read(pd.DataFrame({"audio": cells, "label": ["x", "y"]}))
    stored = table.values["audio"][0]
    assert isinstance(stored, bytes)
    read_back, rate = soundfile.read(io.BytesIO(stored), dtype=dtype)
    assert rate == RATE
    np.testing.assert_array_equal(read_back, array)


@pytest.mark.parametrize(
    "cell",
    [
        {"array": np.zeros((2, 100)), "sampling_rate": RATE},  # channels first
        {"array": np.zeros(100), "sampling_rate": None},
        {"array": np.zeros(100), "sampling_rate": 10**12},
        {"array": ["a", "b"], "sampling_rate": RATE},
        {"array": np.zeros(100, dtype=complex), "sampling_rate": RATE},
        {"bytes": None, "path": None},
        7,
    ],
)
def test_what_is_no_audio_is_marked_missing(cell: object) -> None:
    table = read(pd.DataFrame({"audio": [cell, wav(1)], "label": ["x", "y"]}))
    assert table.values["audio"] == (None, wav(1))
    assert table.problems[0].action == "marked missing"


def test_dataset_is_read_without_decoding_its_audio() -> None:
    datasets = pytest.importorskip("datasets")
    cells = [{"bytes": wav(1), "path": "a.wav"}, None]
    data = datasets.Dataset.from_dict({"audio": cells, "label": ["x", "y"]})
    data = data.cast_column("audio", datasets.Audio())
    assert read(data).values["audio"] == (wav(1), None)


def test_equal_audio_clips_are_one_group_unless_other_ties_are_asked_for(folder: Path) -> None:
    table = read(write_table(folder, ["a.wav", "b.wav", "c.wav", ""]))
    assert find_groups(table).tolist() == [0, 1, 0, 2]
    assert find_groups(table, by=["audio"]).tolist() == [0, 1, 0, 2]
    assert find_groups(table, by=["text"]).tolist() == [0, 1, 2, 3]


def test_check_counts_audio_their_lengths_duplicates_and_conflicts(folder: Path) -> None:
    source = write_table(folder, ["a.wav", "b.wav", "b.wav", "c.wav"])
    report = check(read(source))
    assert report.present == {"audio": 4}
    assert report.duplicates["audio_exact"].rows == 4
    assert report.conflicts["audio"].groups == 2
    assert report.audio_seconds is not None
    assert (report.audio_seconds.minimum, report.audio_seconds.maximum) == (0.5, 1.0)
    assert render(report) is not None


def test_another_audio_under_the_same_name_is_another_table(folder: Path) -> None:
    source = write_table(folder, ["a.wav", "b.wav"])
    before = read(source).fingerprint
    assert read(source).fingerprint == before
    (folder / "a.wav").write_bytes(wav(9))
    assert read(source).fingerprint != before


def test_a_table_without_text_image_audio_or_features_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="`audio`"):
        read(pd.DataFrame({"stars": [1, 2], "label": ["x", "y"]}))


def test_taken_rows_keep_their_audio(folder: Path) -> None:
    table = read(write_table(folder, ["a.wav", "b.wav"])).take([1])
    assert table.facts["audio"] == (inspect_audio(folder / "b.wav"),)

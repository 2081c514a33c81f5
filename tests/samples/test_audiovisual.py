import wave
from collections import Counter

import numpy as np
import pytest

from chiasm.data.duplicates.groups import duplicate_groups
from chiasm.data.reading import read
from chiasm.errors import DataError
from chiasm.samples import write_audiovisual


def test_same_seed_writes_the_same_files(tmp_path):
    for name in ("first", "second"):
        write_audiovisual(tmp_path / name, rows=40, seed=3)
    write_audiovisual(tmp_path / "other", rows=40, seed=4)
    files = sorted(p.relative_to(tmp_path / "first") for p in (tmp_path / "first").rglob("*.*"))
    assert len(files) == 83
    for file in files:
        first = (tmp_path / "first" / file).read_bytes()
        assert first == (tmp_path / "second" / file).read_bytes()
        assert file.name == "README.md" or first != (tmp_path / "other" / file).read_bytes()


def test_every_row_is_read_with_all_it_has_and_none_is_a_duplicate(clips):
    pytest.importorskip("soundfile")
    table = read(clips.folder / "audiovisual.csv")
    assert table.modalities == ("text", "image", "audio")
    assert not table.problems
    assert table.classes == ("clock", "guitar", "phone", "teapot")
    assert len(np.unique(duplicate_groups(table))) >= len(table) - 2


def test_labels_are_balanced_within_every_kind(clips):
    counts = Counter((row["kind"], row["label"]) for row in clips.rows("truth"))
    times = {"picture": 9, "sound": 9, "both": 9, "text": 3}
    things = ("clock", "guitar", "phone", "teapot")
    assert counts == {(kind, thing): n for kind, n in times.items() for thing in things}


def test_the_truth_says_what_each_modality_tells(clips):
    data, truth = clips.rows("audiovisual"), clips.rows("truth")
    assert [row["id"] for row in data] == [row["id"] for row in truth]
    for row, true in zip(data, truth, strict=True):
        thing, kind = row["label"], true["kind"]
        assert true["label"] == thing
        assert (true["shows"] == thing) == (kind in ("picture", "both"))
        assert (true["sounds"] == thing) == (kind in ("sound", "both"))
        named = [t for t in ("clock", "guitar", "phone", "teapot") if t in row["text"]]
        assert named == ([thing] if kind == "text" else [])


def test_a_thing_that_is_heard_stands_out_from_the_background(clips):
    loudness = {True: [], False: []}
    for row in clips.rows("truth"):
        with wave.open(str(clips.folder / "sounds" / f"{row['id']}.wav")) as sound:
            assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
            assert sound.getnframes() == 2 * sound.getframerate()
            samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        loudness[bool(row["sounds"])].append(np.abs(samples).max())
    assert min(loudness[True]) > max(loudness[False]) / 2
    assert np.median(loudness[True]) > 2 * np.median(loudness[False])


@pytest.mark.parametrize("rows", [30, -40])
def test_numbers_that_cannot_be_balanced_are_refused(tmp_path, rows):
    with pytest.raises(DataError, match="multiple of 40"):
        write_audiovisual(tmp_path / "out", rows=rows)
    assert not (tmp_path / "out").exists()

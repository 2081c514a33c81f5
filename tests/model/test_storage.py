import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from chiasm.data.media.kinds import Kind
from chiasm.encoders import encoder_config
from chiasm.encoders.base import Encoder
from chiasm.errors import ChiasmError, EncoderError
from chiasm.fusion.build import FusionConfig, fusion_names
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import encode_table
from chiasm.model.logits import predict_logits, predict_probabilities
from chiasm.model.storage import load_model, save_model
from chiasm.tasks.multiclass import Multiclass

from .letters import CLASSES, LetterEncoder, make_encoders, make_model, make_table

TABLE = make_table(text=["good stuff", None, "x"], image=[b"pixels", b"more", None])


def load_letters(
    modality: str, name: str, *, kind: Kind, trainable_blocks: int, **others: object
) -> Encoder:
    assert name == "letters"
    assert kind == modality
    assert not any(others.values())
    return LetterEncoder(modality, trainable_blocks=trainable_blocks)


@pytest.fixture(autouse=True)
def letters_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_config, "load_encoder", load_letters)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_model(make_model(), tmp_path / "model", card="# A card")
    return tmp_path / "model"


def logits(model: FusionClassifier) -> torch.Tensor:
    return predict_logits(model, encode_table(TABLE, model.encoders, cache=None))


@pytest.mark.parametrize("name", fusion_names(("text", "image")))
@pytest.mark.parametrize("trainable_blocks", [0, 1])
def test_a_loaded_model_says_what_the_saved_one_said(
    tmp_path: Path, name: str, trainable_blocks: int
) -> None:
    model = make_model(name, trainable_blocks=trainable_blocks)
    model.temperature.fill_(1.7)
    save_model(model, tmp_path / "new" / "model", card="")
    loaded = load_model(tmp_path / "new" / "model")
    assert torch.equal(logits(loaded), logits(model))
    assert loaded.classes == model.classes
    assert loaded.modalities == model.modalities
    assert loaded.fusion_config == model.fusion_config
    assert not loaded.training


def test_a_loaded_model_asks_in_the_directions_of_the_saved_one(tmp_path: Path) -> None:
    fusion = FusionConfig(dim=8, num_heads=2, directions=("text->image",))
    model = FusionClassifier(
        encoders=make_encoders(), fusion=fusion, task=Multiclass(CLASSES)
    ).eval()
    save_model(model, tmp_path, card="")
    loaded = load_model(tmp_path)
    assert loaded.fusion_config == fusion
    assert torch.equal(logits(loaded), logits(model))


def test_temperature_is_saved(tmp_path: Path) -> None:
    model = make_model()
    model.temperature.fill_(2.5)
    save_model(model, tmp_path, card="")
    loaded = load_model(tmp_path)
    rows = encode_table(TABLE, loaded.encoders, cache=None)
    assert loaded.temperature.item() == 2.5
    assert torch.allclose(predict_probabilities(loaded, rows), (logits(model) / 2.5).softmax(-1))


def test_the_folder_holds_a_card_a_config_and_safetensors_and_no_pickle(saved: Path) -> None:
    assert {file.name for file in saved.iterdir()} == {
        "README.md",
        "config.json",
        "model.safetensors",
    }
    assert (saved / "README.md").read_text() == "# A card"
    # A safetensors file begins with the length of its header, which is JSON.
    weights = (saved / "model.safetensors").read_bytes()
    assert "temperature" in json.loads(weights[8 : 8 + int.from_bytes(weights[:8], "little")])


def test_the_config_names_encoders_and_does_not_hold_them(saved: Path) -> None:
    config = json.loads((saved / "config.json").read_text("utf-8"))
    assert config["encoders"]["image"] == {
        "name": "letters",
        "kind": "image",
        "revision": None,
        "trainable_blocks": 0,
        "random_init": False,
        "lora": 0,
        "max_seconds": None,
        "fingerprint": "letters 1 image",
    }


def test_saving_again_replaces_the_model(saved: Path) -> None:
    other = make_model("late", seed=1)
    save_model(other, saved, card="")
    assert torch.equal(logits(load_model(saved)), logits(other))


def test_an_encoder_that_gives_other_tokens_than_in_training_is_refused(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load_other(modality: str, name: str, **_: object) -> Encoder:
        return LetterEncoder(modality, fingerprint="letters 2")

    monkeypatch.setattr(encoder_config, "load_encoder", load_other)
    with pytest.raises(EncoderError, match="text encoder 'letters' is not the one"):
        load_model(saved)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "not there"):
        with pytest.raises(ChiasmError, match="There is no model in"):
            load_model(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'"x"', b"{}", b"\xff\xfe"])
def test_a_damaged_config_is_refused(saved: Path, content: bytes) -> None:
    (saved / "config.json").write_bytes(content)
    with pytest.raises(ChiasmError, match=r"config\.json"):
        load_model(saved)


def test_a_model_of_a_later_format_is_refused(saved: Path) -> None:
    config = json.loads((saved / "config.json").read_text("utf-8")) | {"format": 2}
    (saved / "config.json").write_text(json.dumps(config))
    with pytest.raises(ChiasmError, match="Train the model again"):
        load_model(saved)


def lose_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def cut_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])


def make_weights_sparse(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.unlink()
    weights.touch()
    os.truncate(weights, 1 << 40)


def take_weights_of_another_fusion(folder: Path) -> None:
    config = (folder / "config.json").read_bytes()
    save_model(make_model("concat"), folder, card="")
    (folder / "config.json").write_bytes(config)


def lose_encoders(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text("utf-8"))
    del config["encoders"]
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    "damage",
    [lose_weights, cut_weights, make_weights_sparse, take_weights_of_another_fusion, lose_encoders],
)
def test_a_model_that_is_not_whole_is_refused(saved: Path, damage: Callable[[Path], None]) -> None:
    damage(saved)
    with pytest.raises(ChiasmError, match=str(saved)):
        load_model(saved)

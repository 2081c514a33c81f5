"""What was wrong in reading and encoding: each flaw as a small reference, beside chiasm."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from encoders.conftest import save_checkpoint
from model.letters import CLASSES, make_encoders, make_model, make_table
from PIL import Image

from chiasm.data.reading import read
from chiasm.encoders.huggingface.image import HuggingFaceImage
from chiasm.encoders.huggingface.text import HuggingFaceText
from chiasm.errors import DataError
from chiasm.evaluation.held_out import evaluate
from chiasm.model.dataset import encode_table
from chiasm.tasks.multiclass import Multiclass


def test_a_text_is_encoded_by_itself_not_joined_to_those_of_its_batch(tmp_path: Path) -> None:
    encoder = HuggingFaceText(save_checkpoint(tmp_path / "bert", "bert"), name="tiny")
    batch = ["the cat is great", "the dog is awful"]
    joined = encoder.encode_frozen([" ".join(batch)]).values.expand(2, -1, -1)
    assert torch.equal(joined[0], joined[1])

    tokens = encoder.encode_frozen(batch)
    for row, text in enumerate(batch):
        alone = encoder.encode_frozen([text]).values[0]
        torch.testing.assert_close(tokens.values[row][tokens.mask[row]], alone)
    assert not torch.allclose(tokens.values[0], tokens.values[1], atol=1e-2)


def test_images_are_normalised_as_their_network_was_trained(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path / "resnet", "resnet")
    trained_with = json.loads((folder / "preprocessor_config.json").read_text())
    mean, deviation = (
        np.array(trained_with[name])[:, None, None] for name in ("image_mean", "image_std")
    )
    file = io.BytesIO()
    Image.new("RGB", (40, 40), (200, 100, 30)).save(file, "PNG")
    only_scaled = np.array([200, 100, 30])[:, None, None] / 255
    pixels = HuggingFaceImage(folder, name="tiny").load(file.getvalue())
    np.testing.assert_allclose(
        pixels, np.broadcast_to((only_scaled - mean) / deviation, pixels.shape), atol=1e-3
    )
    assert np.abs(pixels - only_scaled).min() > 0.1


def test_bytes_of_another_encoding_are_not_dropped(tmp_path: Path) -> None:
    texts = [*(f"第{i}条评论 质量很好 非常喜欢" for i in range(40)), "不 good"]
    data = "\n".join(["text,label", *(f"{text},1" for text in texts)]).encode("gb18030")
    # The word that was dropped is "not".
    assert data.decode("utf-8", errors="ignore").endswith("\n good,1")

    path = tmp_path / "reviews.csv"
    path.write_bytes(data)
    assert read(path).values["text"] == tuple(texts)


def test_an_unknown_tag_is_an_error_and_a_missing_one_no_label() -> None:
    tags = ["good", "goood", None]
    bad = 0
    assert [{"good": 2, "fair": 1}.get(tag, bad) for tag in tags] == [2, 0, 0]

    table = make_table(text=["a", "b", "c"], labels=tags)
    rows = encode_table(table, make_encoders(), task=Multiclass(CLASSES), cache=None)
    assert rows.targets == (2, None, None)
    with pytest.raises(DataError, match=r"not trained on: 'goood' \(1 rows\)"):
        evaluate(make_model(), table, cache=None)

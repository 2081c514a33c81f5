import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModel

from chiasm.encoders.huggingface.image import HuggingFaceImage
from chiasm.errors import EncoderError, UnreadableExample

from ..conftest import draw_image, save_image_processor

Checkpoint = Callable[[str], Path]


def encoder_of(folder: Path) -> HuggingFaceImage:
    return HuggingFaceImage(folder, name="tiny")


def test_map_of_features_becomes_tokens_row_by_row(checkpoint: Checkpoint) -> None:
    encoder = encoder_of(checkpoint("resnet"))
    pixels = encoder.load(draw_image(0))
    tokens = encoder.encode_frozen([pixels])
    network = AutoModel.from_pretrained(checkpoint("resnet")).eval()
    maps = network(torch.from_numpy(pixels)[None]).last_hidden_state
    height, width = maps.shape[2:]
    assert tokens.values.shape == (1, height * width, 16)
    for row, column in [(0, 1), (1, 0)]:
        token = tokens.values[0, row * width + column]
        torch.testing.assert_close(token, maps[0, :, row, column], rtol=1e-4, atol=1e-5)


def test_class_token_stays_the_first_token(checkpoint: Checkpoint) -> None:
    encoder = encoder_of(checkpoint("clip"))
    pixels = encoder.load(draw_image(0))
    vision = AutoModel.from_pretrained(checkpoint("clip")).vision_model.eval()
    expected = vision(torch.from_numpy(pixels)[None]).last_hidden_state
    torch.testing.assert_close(
        encoder.encode_frozen([pixels]).values, expected, rtol=1e-4, atol=1e-5
    )
    assert expected.shape[1] == 4 * 4 + 1


def test_images_of_several_sizes_share_a_batch(checkpoint: Checkpoint, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(checkpoint("convnext"), tmp_path / "convnext"))
    save_image_processor(folder, do_resize=False, do_center_crop=False)
    encoder = encoder_of(folder)
    batch = [encoder.load(draw_image(n, size=(64 + 32 * (n % 2), 64))) for n in range(4)]
    tokens = encoder.encode_frozen(batch)
    assert tokens.mask.sum(dim=1).tolist() == [4, 6, 4, 6]
    alone = encoder.encode_frozen(batch[1:2])
    torch.testing.assert_close(tokens.values[1], alone.values[0], rtol=1e-4, atol=1e-5)


def test_more_images_than_go_through_at_once_keep_their_order(checkpoint: Checkpoint) -> None:
    encoder = encoder_of(checkpoint("vit"))
    batch = [encoder.load(draw_image(n)) for n in range(20)]
    together = encoder.encode_frozen(batch).values
    assert len(together) == 20
    for n in (0, 7, 8, 19):
        alone = encoder.encode_frozen(batch[n : n + 1]).values[0]
        torch.testing.assert_close(together[n], alone, rtol=1e-4, atol=1e-4)


def test_broken_image_is_unreadable(checkpoint: Checkpoint) -> None:
    with pytest.raises(UnreadableExample):
        encoder_of(checkpoint("vit")).load(b"no picture")


def test_model_without_an_image_processor_says_so(checkpoint: Checkpoint, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(checkpoint("vit"), tmp_path / "vit"))
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(EncoderError, match="image processor of 'tiny'"):
        encoder_of(folder)

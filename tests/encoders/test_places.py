"""What the tokens of each encoder stand for."""

import io
import shutil
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chiasm.encoders.features.encoding import encode
from chiasm.encoders.huggingface.audio import HuggingFaceAudio
from chiasm.encoders.huggingface.image import HuggingFaceImage
from chiasm.encoders.huggingface.text import HuggingFaceText
from chiasm.encoders.packaged.efficientnet import EfficientNetEncoder
from chiasm.encoders.packaged.whisper import WhisperEncoder
from chiasm.encoders.precomputed import Precomputed

from .conftest import draw_image, save_image_processor

Checkpoint = Callable[[str], Path]


def audio(seconds: float) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.zeros(round(seconds * 16_000), dtype="<i2").tobytes())
    return buffer.getvalue()


def grey_image(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "grey").save(buffer, "PNG")
    return buffer.getvalue()


def test_pieces_of_a_text_are_where_they_stand_in_it(checkpoint: Checkpoint) -> None:
    encoder = HuggingFaceText(checkpoint("bert"), name="tiny")
    text = "the  cat\nsits"
    places = encoder.token_spans(text, 5)
    assert [place.label for place in places] == ["[CLS]", "the", "cat", "sits", "[SEP]"]
    assert [place.extent for place in places] == [None, (0, 3), (5, 8), (9, 13), None]


@pytest.mark.parametrize("name", ["bert", "siglip"])
def test_a_cut_text_has_a_place_for_each_token_it_keeps(checkpoint: Checkpoint, name: str) -> None:
    encoder = HuggingFaceText(checkpoint(name), name="tiny", max_length=8)
    for text in ("the cat", "the cat " * 20):
        count = len(encode(encoder, [text])[0])
        assert len(encoder.token_spans(text, count)) == count


def test_cells_of_a_squeezed_image_cover_all_of_it_row_by_row() -> None:
    encoder = EfficientNetEncoder("efficientnet-lite0")
    places = encoder.token_spans(grey_image(300, 100), 49)
    assert places[0].extent == (0, 0, 1 / 7, 1 / 7)
    assert places[8].label == "row 2, column 2"
    assert places[48].extent == pytest.approx((6 / 7, 6 / 7, 1, 1))


@pytest.mark.parametrize("name", ["vit", "clip"])
def test_tokens_of_the_whole_image_come_before_its_cells(checkpoint: Checkpoint, name: str) -> None:
    encoder = HuggingFaceImage(checkpoint(name), name="tiny")
    places = encoder.token_spans(draw_image(0), 17)
    assert (places[0].label, places[0].extent) == ("whole 1", None)
    assert [place.label for place in places[1:3]] == ["row 1, column 1", "row 1, column 2"]
    assert places[16].label == "row 4, column 4"


def test_cells_lie_where_the_processor_cropped_the_image(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(checkpoint("resnet"), tmp_path / "cropped"))
    side = {"height": 32, "width": 32}
    save_image_processor(folder, size={"shortest_edge": 40}, crop_size=side)
    encoder = HuggingFaceImage(folder, name="tiny")
    # 200 x 100 becomes 80 x 40, of which the 32 x 32 in the middle are seen.
    places = encoder.token_spans(grey_image(200, 100), len(encode(encoder, [draw_image(0)])[0]))
    left, top, right, bottom = np.array([place.extent for place in places]).T
    seen = (left.min(), top.min(), right.max(), bottom.max())
    assert seen == pytest.approx((0.3, 0.1, 0.7, 0.9), abs=0.02)


def test_a_image_that_keeps_its_shape_has_more_columns_than_rows(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(checkpoint("convnext"), tmp_path / "convnext"))
    save_image_processor(folder, do_resize=False, do_center_crop=False)
    encoder = HuggingFaceImage(folder, name="tiny")
    places = encoder.token_spans(draw_image(1, size=(96, 64)), 6)
    assert places[-1].label == "row 2, column 3"
    assert places[-1].extent == pytest.approx((2 / 3, 1 / 2, 1, 1), abs=0.02)


def test_tokens_of_a_audio_are_stretches_of_time(checkpoint: Checkpoint) -> None:
    whisper = WhisperEncoder()
    places = whisper.token_spans(audio(1.0), 10)
    assert places[3].extent == pytest.approx((0.3, 0.4))
    assert places[3].label == "0.30 s"
    waves = HuggingFaceAudio(checkpoint("wav2vec2"), name="tiny")
    count = len(encode(waves, [audio(2.0)])[0])
    assert waves.token_spans(audio(2.0), count)[-1].extent[1] == pytest.approx(2.0)


def test_patches_of_a_spectrogram_are_no_stretches_of_time(checkpoint: Checkpoint) -> None:
    encoder = HuggingFaceAudio(checkpoint("ast"), name="tiny")
    assert encoder.token_spans(audio(1.0), 2)[1].extent is None


def test_precomputed_features_are_numbered() -> None:
    places = Precomputed(modality="visual", width=3).token_spans(np.zeros((2, 3)), 2)
    assert [(place.label, place.extent) for place in places] == [
        ("token 1", None),
        ("token 2", None),
    ]

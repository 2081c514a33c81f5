"""Exporting: every fusion, encoders of several kinds, and what cannot be exported."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from chiasm.encoders.base import Encoder, TrainableBlocks
from chiasm.encoders.huggingface.image import HuggingFaceImage
from chiasm.encoders.huggingface.text import HuggingFaceText
from chiasm.encoders.precomputed import Precomputed
from chiasm.encoders.tokens import Tokens
from chiasm.errors import ChiasmError, EncoderError
from chiasm.fusion.build import FusionConfig
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import predict_probabilities

pytest.importorskip("onnxscript")
from encoders.conftest import draw_image, save_checkpoint, save_image_processor

from chiasm.explanation.attribution.scores import score_grid
from chiasm.exporting.folder import export
from chiasm.exporting.onnx_files import write_fusion
from chiasm.exporting.verification import check_export
from chiasm.inference.fusion_network import FusionNetwork
from chiasm.inference.manifest import read_manifest
from chiasm.inference.runtime import load_runtime
from chiasm.inference.sessions import open_session
from chiasm.tasks.multiclass import Multiclass

DIMS = {"sight": 128, "touch": 128}


def make_model(name: str, encoders: dict[str, Encoder] | None = None) -> FusionClassifier:
    torch.manual_seed(0)
    model = FusionClassifier(
        encoders=encoders or {m: Precomputed(modality=m, width=2) for m in DIMS},
        fusion=FusionConfig(name=name, dim=8, num_heads=2),
        task=Multiclass(("a", "b", "c")),
    )
    with torch.no_grad():
        for parameter in [*model.fusion.parameters(), *model.head.parameters()]:
            parameter.add_(0.3 * torch.randn(parameter.shape))
        model.temperature.fill_(0.7)
    return model.eval()


@pytest.mark.parametrize("name", ["sight", "concat", "late", "gated", "feature_gate"])
def test_a_fusion_is_the_same_for_every_length_and_pattern_of_missing_modalities(
    name: str, tmp_path: Path
) -> None:
    model = make_model(name)
    write_fusion(model, tmp_path / "fusion.onnx")
    dims = {m: DIMS[m] for m in model.modalities}
    network = FusionNetwork(
        open_session(tmp_path / "fusion.onnx"),
        dims=dims,
        task=model.task,
        temperature=model.temperature.item(),
    )
    random = np.random.default_rng(0)
    rows = [
        {m: random.normal(size=(length, DIMS[m])).astype(np.float32) for m in present if m in dims}
        for length in (1, 4, 9)
        for present in ((), ("sight",), ("touch",), ("sight", "touch"))
    ]
    for batch in (rows, rows[:1], rows[5:7]):
        expected = [by_model(model, row) for row in batch]
        with ThreadPoolExecutor(2) as cores:
            found = network.probabilities(batch, cores)
        np.testing.assert_allclose(found, expected, atol=1e-5)


@torch.no_grad()
def by_model(model: FusionClassifier, row: dict[str, np.ndarray]) -> np.ndarray:
    encoded = {}
    for modality in model.modalities:
        values = torch.zeros(1, 1, DIMS[modality])
        mask = torch.zeros(1, 1, dtype=torch.bool)
        if modality in row:
            values = torch.from_numpy(row[modality])[None]
            mask = torch.ones(values.shape[:2], dtype=torch.bool)
        encoded[modality] = Tokens(values, mask)
    return (model.classify(encoded).logits / model.temperature).softmax(dim=-1)[0].numpy()


@pytest.mark.parametrize(
    ("of_text", "of_image"),
    [
        (1, "all"),
        pytest.param("all", 0, marks=pytest.mark.slow),
        pytest.param(0, 1, marks=pytest.mark.slow),
    ],
)
def test_models_of_the_hub_are_exported_at_every_split(
    of_text: TrainableBlocks, of_image: TrainableBlocks, tmp_path: Path
) -> None:
    text = HuggingFaceText(
        save_checkpoint(tmp_path / "bert", "bert"), name="bert", trainable_blocks=of_text
    )
    photo = save_checkpoint(tmp_path / "vit", "vit")
    save_image_processor(photo, size={"shortest_edge": 40})
    image = HuggingFaceImage(photo, name="vit", trainable_blocks=of_image)
    # Every export is compared with the model before it is called done.
    export(make_model("late", {"text": text, "image": image}), tmp_path / "out")
    runtime = load_runtime(tmp_path / "out")
    row = {
        "text": runtime.load("text", "  the cat sits"),
        "image": runtime.load("image", draw_image(0, size=(80, 40))),
    }
    scores = runtime.occlude(row)
    words = [place for place in scores["text"].spans if place.extent is not None]
    assert [place.label for place in words] == ["the", "cat", "sits"]
    assert [place.extent for place in words] == [(2, 5), (6, 9), (10, 14)]
    grid, box = score_grid(scores["image"])
    assert grid.shape == (4, 4)
    assert box == pytest.approx((0.3, 0.1, 0.7, 0.9))


def test_weights_in_8_bits_predict_nearly_alike(tmp_path: Path) -> None:
    model = make_model("sight")
    export(model, tmp_path, int8=True)
    runtime = load_runtime(tmp_path)
    vectors = np.random.default_rng(0).normal(size=(5, 2))
    (row,) = runtime.predict([{"sight": runtime.load("sight", vectors)}])
    features = {"sight": model.encoders["sight"].features([vectors])}
    expected = predict_probabilities(model, EncodedTable(features, [None]))[0].numpy()
    found = list(row.probabilities.values())
    assert 0 < np.abs(found - expected).max() < 0.05
    assert read_manifest(tmp_path).precision == "int8"


def test_an_export_that_predicts_other_than_the_model_is_refused(tmp_path: Path) -> None:
    model = make_model("sight")
    export(model, tmp_path)
    model.temperature.fill_(2.0)
    with pytest.raises(ChiasmError, match="predicts other than the model"):
        check_export(model, tmp_path)


class Unknown(Precomputed):
    export_spec = Encoder.export_spec


def test_an_encoder_without_a_portable_form_is_named(tmp_path: Path) -> None:
    model = make_model("sight", {"sight": Unknown(modality="sight", width=2)})
    with pytest.raises(EncoderError, match="sight encoder 'precomputed-2' cannot be exported"):
        export(model, tmp_path)


def test_a_processor_that_keeps_the_shape_of_images_is_refused(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path, "convnext")
    save_image_processor(folder, do_resize=False, do_center_crop=False)
    with pytest.raises(EncoderError, match="'tiny' cannot be exported"):
        HuggingFaceImage(folder, name="tiny").export_spec()

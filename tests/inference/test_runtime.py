"""The runtime against the model it was exported from."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from chiasm.errors import ChiasmError, EncoderError, UnreadableExample
from chiasm.explanation.contributions import modality_contributions
from chiasm.model.classifier import FusionClassifier
from chiasm.model.dataset import EncodedTable
from chiasm.model.logits import predict_probabilities

pytest.importorskip("onnxscript")
from chiasm.exporting.folder import export
from chiasm.inference.runtime import Runtime, RuntimeInput, load_runtime

from .feature_models import CLASSES, WIDTHS, Row, make_model, make_rows

ROWS = make_rows()


@pytest.fixture(scope="module")
def model() -> FusionClassifier:
    return make_model()


@pytest.fixture(scope="module")
def exported(model: FusionClassifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    export(model, folder)
    return folder


@pytest.fixture(scope="module")
def runtime(exported: Path) -> Runtime:
    return load_runtime(exported)


def load(runtime: Runtime, row: Row) -> dict[str, RuntimeInput]:
    return {modality: runtime.load(modality, value) for modality, value in row.items()}


def table_of(model: FusionClassifier, rows: list[Row]) -> EncodedTable:
    features = {m: e.features([row.get(m) for row in rows]) for m, e in model.encoders.items()}
    return EncodedTable(features, [None] * len(rows))


def by_model(model: FusionClassifier, rows: list[Row]) -> np.ndarray:
    return predict_probabilities(model, table_of(model, rows)).numpy()


def by_runtime(runtime: Runtime, rows: list[Row]) -> np.ndarray:
    predicted = runtime.predict([load(runtime, row) for row in rows])
    return np.array([list(row.probabilities.values()) for row in predicted])


def test_probabilities_and_labels_are_those_of_the_model(
    runtime: Runtime, model: FusionClassifier
) -> None:
    expected = by_model(model, ROWS)
    predicted = runtime.predict([load(runtime, row) for row in ROWS])
    np.testing.assert_allclose(by_runtime(runtime, ROWS), expected, atol=1e-5)
    assert [row.label for row in predicted] == [CLASSES[k] for k in expected.argmax(axis=1)]
    assert len({row.label for row in predicted}) > 1
    assert np.ptp(expected, axis=0).min() > 0.05


def test_a_row_alone_is_predicted_as_among_others(runtime: Runtime) -> None:
    whole = by_runtime(runtime, ROWS)
    for place, row in enumerate(ROWS):
        np.testing.assert_allclose(by_runtime(runtime, [row])[0], whole[place], atol=1e-6)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_forked_process_predicts_as_its_parent_does(runtime: Runtime) -> None:
    expected = by_runtime(runtime, ROWS)
    process = os.fork()
    if not process:
        signal.alarm(60)  # what hangs is killed
        try:
            os._exit(0 if np.array_equal(by_runtime(runtime, ROWS), expected) else 1)
        finally:
            os._exit(2)
    assert os.waitpid(process, 0)[1] == 0


def test_more_rows_than_go_through_at_once_keep_their_order(runtime: Runtime) -> None:
    rows = make_rows(80)
    order = np.random.default_rng(1).permutation(80)
    whole = by_runtime(runtime, rows)
    np.testing.assert_allclose(
        by_runtime(runtime, [rows[k] for k in order]), whole[order], atol=1e-6
    )


def test_missing_modalities_are_named(runtime: Runtime) -> None:
    for row, predicted in zip(
        ROWS, runtime.predict([load(runtime, row) for row in ROWS]), strict=True
    ):
        assert predicted.missing == tuple(m for m in WIDTHS if m not in row)


def test_no_rows_have_no_predictions(runtime: Runtime) -> None:
    assert runtime.predict([]) == []


def test_contributions_are_those_that_explain_the_model(
    runtime: Runtime, model: FusionClassifier
) -> None:
    expected = modality_contributions(model, table_of(model, ROWS))
    predicted = runtime.predict([load(runtime, row) for row in ROWS])
    for place, row in enumerate(predicted):
        label = CLASSES.index(row.label)
        assert list(row.contributions) == list(model.modalities)
        shares = list(row.contributions.values())
        np.testing.assert_allclose(shares, expected.values[place, :, label], atol=1e-5)
        whole = row.probabilities[row.label] - expected.base[label]
        assert sum(row.contributions.values()) == pytest.approx(whole, abs=1e-5)
        assert all(row.contributions[m] == 0 for m in row.missing)


def test_contributions_are_left_out_where_they_are_not_asked_for(runtime: Runtime) -> None:
    (predicted,) = runtime.predict([load(runtime, ROWS[0])], contributions=False)
    assert predicted.contributions == {}


def test_occlusion_is_the_fall_in_probability_without_each_token(
    runtime: Runtime, model: FusionClassifier
) -> None:
    row = ROWS[3]
    scores = runtime.occlude(load(runtime, row), label="fair")
    assert set(scores) == {"visual", "acoustic"}
    (whole,) = by_model(model, [row])
    for modality, vectors in row.items():
        assert scores[modality].scores.shape == (4,)
        for place in range(4):
            without = row | {modality: np.delete(vectors, place, axis=0)}
            fall = whole[1] - by_model(model, [without])[0, 1]
            assert scores[modality].scores[place] == pytest.approx(fall, abs=1e-5)


def test_an_unknown_label_or_modality_is_named(runtime: Runtime) -> None:
    row = load(runtime, ROWS[0])
    with pytest.raises(ChiasmError, match="no label 'lukewarm'"):
        runtime.occlude(row, label="lukewarm")
    with pytest.raises(ChiasmError, match="not at 'text'"):
        runtime.load("text", "hello")
    with pytest.raises(ChiasmError, match="not at 'smell'"):
        runtime.predict([row | {"smell": row["visual"]}])


def test_vectors_of_another_length_are_refused(runtime: Runtime) -> None:
    with pytest.raises(EncoderError, match="'visual' have 4 numbers a vector"):
        runtime.load("visual", np.zeros((2, 4)))


def change_a_byte(folder: Path) -> None:
    network = folder / "encoder-visual.onnx"
    content = bytearray(network.read_bytes())
    content[len(content) // 2] ^= 1
    network.write_bytes(content)


def lose_a_network(folder: Path) -> None:
    (folder / "fusion.onnx").unlink()


def name_a_file_outside(folder: Path) -> None:
    edit(folder, fusion="../fusion.onnx", files={"../fusion.onnx": "0"})


def list_fewer_files(folder: Path) -> None:
    edit(folder, files={})


def lose_the_classes(folder: Path) -> None:
    edit(folder, classes=None)


def take_another_kind(folder: Path) -> None:
    modalities = json.loads((folder / "manifest.json").read_text())["modalities"]
    modalities["visual"]["preprocessing"]["kind"] = "smells"
    edit(folder, modalities=modalities)


def describe(**changes: object) -> Callable[[Path], None]:
    """Describe one modality otherwise."""

    def change(folder: Path) -> None:
        modalities = json.loads((folder / "manifest.json").read_text())["modalities"]
        modalities["visual"] |= changes
        edit(folder, modalities=modalities)

    return change


IMPOSSIBLE: list[tuple[str, dict[str, object]]] = [
    *(
        ("pixels", {"resample": 3} | settings)
        for settings in (
            {"resize": [0, 224]},
            {"resize": [224, -1]},
            {"resize": [224]},
            {"resize": [50_000, 50_000]},
            {"shorter_side": 0},
            {"shorter_side": -1},
            {"crop": [0, 0]},
            {"decoded_side": 0},
            {"resample": -1},
            {"resample": 99},
            {"scale": 0},
            {"scale": float("nan")},
            {"deviation": [1.0, 0.0, 1.0]},
            {"deviation": [1.0]},
            {"mean": [0.5, 0.5, 0.5, 0.5]},
            {"mean": [0.5, 0.5, float("inf")]},
        )
    ),
    *(
        ("log_mel", {"max_seconds": 30.0, "tokens_a_second": 50} | settings)
        for settings in (
            {"max_seconds": 0},
            {"max_seconds": -1.0},
            {"tokens_a_second": 0},
            {"tokens_a_second": -50},
            {"tokens_a_second": 16_001},
        )
    ),
]


def call_a_modality_otherwise(folder: Path) -> None:
    modalities = json.loads((folder / "manifest.json").read_text())["modalities"]
    modalities["../visual"] = modalities.pop("visual")
    edit(folder, modalities=modalities)


def link_a_network_to_elsewhere(folder: Path) -> None:
    network = folder / "fusion.onnx"
    network.rename(folder.parent / "elsewhere.onnx")
    network.symlink_to(folder.parent / "elsewhere.onnx")


def edit(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text()) | changes
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (change_a_byte, "Refused .*encoder-visual.onnx: its SHA-256"),
        (lose_a_network, "fusion.onnx: file not found"),
        (name_a_file_outside, "is not whole"),
        (list_fewer_files, "is not whole"),
        (lose_the_classes, "is not whole"),
        (take_another_kind, "is not whole"),
        *(
            (describe(dim=size), "is not whole")
            for size in (0, -1, 1 << 40, float("inf"), float("nan"), True, "3", None, 3.5)
        ),
        *((describe(grid=grid), "is not whole") for grid in ([1 << 40, 1], [0, 1], [1.5, 2], "ab")),
        *(
            (
                describe(preprocessing={"kind": "vectors", "modality": "visual", "width": width}),
                "whole",
            )
            for width in (1 << 60, "3", None, float("nan"), 0, -3)
        ),
        *(
            (describe(preprocessing={"kind": kind} | settings), "is not whole")
            for kind, settings in IMPOSSIBLE
        ),
        (lambda folder: edit(folder, temperature=float("nan")), "is not whole"),
        (lambda folder: edit(folder, temperature="1"), "is not whole"),
        (lambda folder: edit(folder, temperature=10**400), "is not whole"),
        (lambda folder: edit(folder, name=7), "is not whole"),
        (call_a_modality_otherwise, "is not whole"),
        (link_a_network_to_elsewhere, "leads out"),
        (lambda folder: (folder / "manifest.json").write_text("[" * 100_000), "no exported model"),
        (lambda folder: edit(folder, format=2), "Export the model again"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "no exported model"),
        (lambda folder: (folder / "manifest.json").unlink(), "no exported model"),
    ],
)
def test_a_folder_that_is_not_as_it_was_written_is_refused(
    exported: Path, tmp_path: Path, damage: Callable[[Path], None], told: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(exported, folder)
    damage(folder)
    with pytest.raises(ChiasmError, match=told):
        load_runtime(folder)


def test_attention_can_be_had_from_the_file_itself(exported: Path, model: FusionClassifier) -> None:
    import onnxruntime

    from chiasm.encoders.tokens import Tokens

    session = onnxruntime.InferenceSession(exported / "fusion.onnx")
    fed, encoded = {}, {}
    for place, (modality, encoder) in enumerate(model.encoders.items()):
        values = torch.randn(3, 2 + place, encoder.dim)
        mask = torch.tensor(
            [[True] * (2 + place), [False] * (2 + place), [True] + [False] * (1 + place)]
        )
        encoded[modality] = Tokens(values, mask)
        fed |= {f"{modality}.tokens": values.numpy(), f"{modality}.mask": mask.numpy()}
    expected = model.classify(encoded, need_weights=True).attention or {}
    assert expected
    for name, weights in expected.items():
        (found,) = session.run([name], fed)
        np.testing.assert_allclose(found, weights.detach().numpy(), atol=1e-5)


BLOCKED = """
import sys
refused = {"torch", "transformers", "pandas", "scipy", "sklearn", "rich"}
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import numpy as np
from pathlib import Path
from chiasm.inference.runtime import load_runtime
runtime = load_runtime(Path(sys.argv[1]))
row = {"visual": runtime.load("visual", np.ones((2, 3)))}
(predicted,) = runtime.predict([row])
assert predicted.missing == ("acoustic",) and runtime.occlude(row)
print(predicted.probabilities["good"])
"""


def test_it_predicts_where_torch_and_transformers_cannot_be_imported(
    exported: Path, model: FusionClassifier
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, exported], check=True, capture_output=True, text=True
    )
    expected = by_model(model, [{"visual": np.ones((2, 3))}])
    assert float(done.stdout) == pytest.approx(expected[0, 2], abs=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_features_that_cannot_be_computed_with_are_refused(runtime: Runtime, bad: float) -> None:
    with pytest.raises(UnreadableExample, match="features"):
        runtime.load("visual", np.array([[1.0, bad, 2.0]]))


def test_a_row_far_from_all_of_the_training_is_predicted_as_the_model_does(
    model: FusionClassifier, runtime: Runtime
) -> None:
    rows = [{"visual": np.array([[1e14, -3.0, 2.0]])}]
    predicted = by_runtime(runtime, rows)
    assert np.isfinite(predicted).all()
    np.testing.assert_allclose(predicted, by_model(model, rows), atol=1e-4)

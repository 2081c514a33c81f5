"""What is no network or no tokenizer of an export is refused in words."""

from pathlib import Path

import numpy as np
import pytest

from chiasm.errors import ChiasmError
from chiasm.inference.preprocessing.feature_vectors import FeatureVectors
from chiasm.inference.preprocessing.storage import describe_preprocessing, restore_preprocessing
from chiasm.inference.runtime import load_runtime
from chiasm.inference.sessions import open_session


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x08\x09"])
def test_a_file_that_is_no_network_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "text.onnx"
    path.write_bytes(content)
    with pytest.raises(ChiasmError, match=r"text\.onnx"):
        open_session(path)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChiasmError, match="chiasm export"):
        load_runtime(tmp_path)


def test_preprocessing_is_restored_as_it_was_described() -> None:
    vectors = FeatureVectors("visual", 3)
    assert restore_preprocessing(describe_preprocessing(vectors), tokenizer=None) == vectors


def test_an_input_may_be_called_location(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    given, made = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1])
        for name in ("location.tokens", "y")
    )
    node = onnx.helper.make_node("Identity", ["location.tokens"], ["y"], name="of.location")
    graph = onnx.helper.make_graph([node], "graph", [given], [made])
    opset = onnx.helper.make_opsetid("", 17)
    path = tmp_path / "fusion.onnx"
    onnx.save(onnx.helper.make_model(graph, ir_version=8, opset_imports=[opset]), path)
    assert open_session(path).get_inputs()[0].name == "location.tokens"


def test_weights_in_a_file_of_their_own_are_not_read(tmp_path: Path) -> None:
    # Their digest is not in the manifest.
    onnx = pytest.importorskip("onnx")
    weights = onnx.numpy_helper.from_array(np.ones(1000, np.float32), "w")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["w"], ["y"])],
        "graph",
        [],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1000])],
        [weights],
    )
    opset = onnx.helper.make_opsetid("", 17)
    model = onnx.helper.make_model(graph, ir_version=8, opset_imports=[opset])
    path = tmp_path / "text.onnx"
    onnx.save(model, path)
    open_session(path)
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    assert (tmp_path / "weights.bin").is_file()
    with pytest.raises(ChiasmError, match=r"text\.onnx"):
        open_session(path)

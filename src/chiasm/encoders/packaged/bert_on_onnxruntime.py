"""BertOnOnnxRuntime: BERT on the engine that runs it fastest on a CPU."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnxruntime import InferenceSession
from torch import nn
from transformers.models.bert.modeling_bert import BertEmbeddings, BertLayer

from chiasm.encoders.packaged.onnx_graph import OnnxGraph
from chiasm.inference.sessions import cpu_session
from chiasm.utils.arrays import Indices


class BertOnOnnxRuntime:
    """The embeddings and some layers of a BERT with GELU, run by ONNX Runtime.

    ``words int64 [b, l], mask bool [b, l]`` to ``float32 [b, l, d]``. Each call takes one core;
    several threads may call at once.
    """

    def __init__(self, embeddings: BertEmbeddings, layers: Sequence[BertLayer]) -> None:
        self._embeddings = embeddings
        self._layers = layers

    @cached_property
    def _session(self) -> InferenceSession:
        # Made at the first text: where all tokens are in the cache, nobody waits for it, and no
        # second copy of the weights is held.
        return cpu_session(_serialise(self._embeddings, self._layers))

    def __call__(self, words: Indices, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        tokens: NDArray[np.float32] = self._session.run(None, {"words": words, "mask": mask})[0]
        return tokens


def _serialise(embeddings: BertEmbeddings, layers: Sequence[BertLayer]) -> bytes:
    graph = _BertGraph()
    mask = graph.add("Cast", "mask", to=TensorProto.INT32)
    x = graph.add_embeddings(embeddings, "words")
    for layer in layers:
        x = graph.add_layer(layer, x, mask)
    graph.add("Identity", x, output="tokens")
    words = helper.make_tensor_value_info("words", TensorProto.INT64, ("b", "l"))
    real = helper.make_tensor_value_info("mask", TensorProto.BOOL, ("b", "l"))
    tokens = helper.make_tensor_value_info("tokens", TensorProto.FLOAT, ("b", "l", "d"))
    return graph.serialise([words, real], [tokens])


class _BertGraph(OnnxGraph):
    def add_embeddings(self, embeddings: BertEmbeddings, words: str) -> str:
        # Every text is a first sentence, so that its type is one with the positions.
        types = embeddings.token_type_embeddings.weight[0]
        positions = self.add_weight(embeddings.position_embeddings.weight + types)
        length = self.add("Shape", words, start=1, end=2)
        position = self.add("Slice", positions, self.add_constant([0], np.int64), length)
        word = self.add("Gather", self.add_weight(embeddings.word_embeddings.weight), words)
        return self._add_norm(embeddings.LayerNorm, self.add("Add", word, position))

    def add_layer(self, layer: BertLayer, x: str, mask: str) -> str:
        attention, narrow = layer.attention.output, layer.output
        seen = self._add_linear(attention.dense, self._add_attention(layer, x, mask))
        x = self._add_norm(attention.LayerNorm, self.add("Add", seen, x))
        wide = self.add("Gelu", self._add_linear(layer.intermediate.dense, x))
        return self._add_norm(
            narrow.LayerNorm, self.add("Add", self._add_linear(narrow.dense, wide), x)
        )

    def _add_attention(self, layer: BertLayer, x: str, mask: str) -> str:
        own = layer.attention.self
        parts = (own.query, own.key, own.value)
        return self.add(
            "Attention",
            x,
            self.add_weight(torch.cat([part.weight for part in parts]).T),
            self.add_weight(torch.cat([part.bias for part in parts])),
            mask,
            num_heads=own.num_attention_heads,
            domain="com.microsoft",
        )

    def _add_linear(self, linear: nn.Linear, x: str) -> str:
        product = self.add("MatMul", x, self.add_weight(linear.weight.T))
        return self.add("Add", product, self.add_weight(linear.bias))

    def _add_norm(self, norm: nn.LayerNorm, x: str) -> str:
        weights = self.add_weight(norm.weight), self.add_weight(norm.bias)
        return self.add("LayerNormalization", x, *weights, epsilon=norm.eps)

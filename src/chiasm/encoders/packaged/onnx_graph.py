"""OnnxGraph: a network written down node by node, for ONNX Runtime."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, DTypeLike
from onnx import helper, numpy_helper
from torch import Tensor

_OPSETS = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
# The oldest version of the file format that has this opset, so that an older engine reads it too.
_IR_VERSION = 9


class OnnxGraph:
    """The nodes so far; each method adds some and names their output."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def add(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        output = output or f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def add_constant(self, value: ArrayLike, dtype: DTypeLike = np.float32) -> str:
        name = f"constant_{len(self._constants)}"
        # Contiguous: a transposed matrix is written as it is read.
        array = np.ascontiguousarray(value, dtype=dtype)
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def add_weight(self, value: Tensor) -> str:
        return self.add_constant(value.detach().cpu().numpy())

    def serialise(
        self, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto]
    ) -> bytes:
        """The content of an ONNX file."""
        graph = helper.make_graph(
            self._nodes, "network", inputs, outputs, initializer=self._constants
        )
        model = helper.make_model(graph, opset_imports=_OPSETS, ir_version=_IR_VERSION)
        content: bytes = model.SerializeToString()
        return content

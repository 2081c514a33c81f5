"""RandomFlipAndCrop: another look at an image each time it is trained on."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_LEAST_SIDE = 0.8


class RandomFlipAndCrop(nn.Module):
    """Mirrors images and shows parts of them, in training and where it is ``enabled``.

    Each image is mirrored with probability one half, and cut to a random part of at least 80 % of
    either side, which is stretched to the whole: words of a caption would be mirrored too, so it is
    off unless a recipe asks for it.

    Shapes: ``[b, c, h, w]`` to the same.
    """

    enabled = False

    def forward(self, images: Tensor) -> Tensor:
        if not (self.enabled and self.training):
            return images
        rows = len(images)
        sides = _uniform(rows, 2, low=_LEAST_SIDE, high=1.0).to(images)
        shifts = (1 - sides) * _uniform(rows, 2, low=-1.0, high=1.0).to(images)
        mirrored = torch.where(torch.rand(rows) < 0.5, -1.0, 1.0).to(images)
        # [b, 2, 3]: where each point of the view lies in the image
        view = torch.zeros(rows, 2, 3).to(images)
        view[:, 0, 0], view[:, 1, 1] = mirrored * sides[:, 0], sides[:, 1]
        view[:, :, 2] = shifts
        grid = F.affine_grid(view, list(images.shape), align_corners=False)
        seen = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
        return seen.contiguous(memory_format=torch.channels_last)


def _uniform(*shape: int, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.rand(shape)

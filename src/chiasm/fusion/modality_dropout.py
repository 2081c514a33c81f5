"""Training on missing modalities, so that a missing one is no surprise later."""

from collections.abc import Mapping

import torch
from torch import nn

from chiasm.encoders.tokens import Tokens


class ModalityDropout(nn.Module):
    """Marks modalities missing at random, row by row, in training; never the last one of a row.

    Neverova et al., "ModDrop" (2016), section 3.3.

    Args:
        p: probability that a present modality is drawn to be dropped; a row that would lose all of
            them keeps all.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, tokens: Mapping[str, Tokens]) -> dict[str, Tokens]:
        if not self.training or self.p == 0.0:
            return dict(tokens)
        # [b, modalities]
        present = torch.stack([t.present for t in tokens.values()], dim=1)
        kept = torch.rand(present.shape, device=present.device) >= self.p
        has_any = (kept & present).any(dim=1, keepdim=True)
        kept = kept | ~has_any
        return {
            modality: t.keep(kept[:, index]) for index, (modality, t) in enumerate(tokens.items())
        }

"""LayerMix: one token from the hidden states of several layers."""

import torch
from torch import nn
from torch.nn import functional as F

from chiasm.encoders.tokens import Tokens


class LayerMix(nn.Module):
    """A learned mean of hidden states: ``sum_j softmax(s)_j LayerNorm(h_j)``, at first a plain one.

    Which layer serves a task best is learned with the task: Peters et al., "Deep Contextualized
    Word Representations" (2018), eq. 1, without its scale, as every fusion projects its tokens;
    used for speech by Yang et al., "SUPERB" (2021).

    Maps Tokens ``[b, l, layers * d]``, the states one after the other, to ``[b, l, d]``.
    """

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(layers))

    def forward(self, tokens: Tokens) -> Tokens:
        # [b, l, layers * d] -> [b, l, layers, d]
        states = tokens.values.reshape(*tokens.mask.shape, len(self.scores), -1)
        states = F.layer_norm(states, states.shape[3:])
        mixed = torch.einsum("bljd,j->bld", states, self.scores.softmax(dim=0))
        return Tokens(mixed, tokens.mask)

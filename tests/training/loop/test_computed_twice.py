from collections.abc import Sequence

import torch
from torch import Tensor, nn

from chiasm.encoders.tokens import Tokens
from chiasm.encoders.trainable.layers import TrainableLayers
from chiasm.training.loop.compute import checkpoint_activations

WIDTH, WIDE = 4, 64


class Wide(TrainableLayers):
    """Blocks that are much wider inside than at their ends, one of which drops at random."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(
                nn.Sequential(nn.Linear(WIDTH, WIDE), nn.Dropout(), nn.Linear(WIDE, WIDTH))
                for _ in range(3)
            )
        )

    def forward(self, tokens: Tokens) -> Tokens:
        return Tokens(self.layers(tokens.values), tokens.mask)

    def blocks(self) -> Sequence[nn.Module]:
        return list(self.layers)


def train_step(top: Wide) -> tuple[int, list[Tensor]]:
    """How many numbers were kept for the backward pass, and the gradients."""
    kept = 0

    def count(tensor: Tensor) -> Tensor:
        nonlocal kept
        kept += tensor.numel() * (not isinstance(tensor, nn.Parameter))
        return tensor

    torch.manual_seed(0)
    values = torch.randn(8, 5, WIDTH)
    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        output = top(Tokens(values, torch.ones(8, 5, dtype=torch.bool)))
    gradients = torch.autograd.grad(output.values.square().sum(), list(top.parameters()))
    return kept, list(gradients)


def test_gradients_are_the_same_and_most_memory_is_saved() -> None:
    torch.manual_seed(0)
    top = Wide().train()
    kept, expected = train_step(top)
    with checkpoint_activations(nn.Sequential(top)):
        kept_of_inputs, found = train_step(top)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    assert kept > 3 * 2 * 40 * WIDE
    assert kept_of_inputs <= 4 * 40 * WIDTH
    # As before once it is over.
    assert train_step(top)[0] == kept


def test_batch_norms_that_gather_statistics_see_each_batch_once() -> None:
    top = Wide()
    top.layers.append(nn.BatchNorm1d(5))
    top.keeps_statistics = False
    with checkpoint_activations(top):
        train_step(top.train())
    assert top.layers[-1].num_batches_tracked == 1

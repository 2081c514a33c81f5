import torch
from torch.nn import functional as F

from chiasm.encoders.tokens import Tokens
from chiasm.encoders.trainable.layer_mix import LayerMix


def states(layers: int = 3, *, rows: int = 2, length: int = 4, width: int = 8) -> torch.Tensor:
    generator = torch.manual_seed(0)
    scales = 10.0 ** torch.arange(layers)  # later layers are much larger
    return torch.randn(rows, length, layers, width, generator=generator) * scales[:, None]


def tokens_of(states: torch.Tensor) -> Tokens:
    return Tokens(states.flatten(2), torch.ones(states.shape[:2], dtype=torch.bool))


def test_untrained_mix_is_the_mean_of_the_normalised_states() -> None:
    h = states()
    expected = F.layer_norm(h, (8,)).mean(dim=2)
    torch.testing.assert_close(LayerMix(3)(tokens_of(h)).values, expected)


def test_large_score_picks_its_layer() -> None:
    h = states()
    mix = LayerMix(3)
    mix.scores.data[1] = 50.0
    torch.testing.assert_close(mix(tokens_of(h)).values, F.layer_norm(h[:, :, 1], (8,)))


def test_scores_are_learned() -> None:
    h = states()
    target = F.layer_norm(h[:, :, 2], (8,))
    mix = LayerMix(3)
    optimizer = torch.optim.Adam(mix.parameters(), lr=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        F.mse_loss(mix(tokens_of(h)).values, target).backward()
        optimizer.step()
    assert mix.scores.softmax(dim=0)[2] > 0.95


def test_missing_row_has_finite_tokens_and_gradients_and_keeps_its_mask() -> None:
    values = torch.zeros(2, 1, 24, requires_grad=True)
    mask = torch.tensor([[True], [False]])
    mix = LayerMix(3)
    mixed = mix(Tokens(values, mask))
    mixed.values.square().sum().backward()
    assert mixed.values.isfinite().all()
    assert values.grad is not None
    assert values.grad.isfinite().all()
    assert mix.scores.grad is not None
    assert mix.scores.grad.isfinite().all()
    assert torch.equal(mixed.mask, mask)

"""Standardise: the statistics are those of the real tokens seen in training, and always finite."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from chiasm.encoders.standardise import Standardise
from chiasm.encoders.tokens import Tokens, pad

BATCHES = st.lists(
    st.lists(st.integers(0, 4), min_size=1, max_size=4), min_size=1, max_size=5
).filter(lambda batches: sum(map(sum, batches)) > 0)


def rows(lengths: list[int], seed: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(n, 3, generator=generator) * 50 + 7 for n in lengths]


@settings(max_examples=40, deadline=None)
@given(BATCHES)
def test_statistics_are_those_of_all_real_tokens_however_they_are_batched(
    batches: list[list[int]],
) -> None:
    module = Standardise(3).train()
    seen = []
    for seed, lengths in enumerate(batches):
        tokens = pad(rows(lengths, seed))
        # Whatever stands at a masked position must not count.
        module(Tokens(tokens.values.masked_fill(~tokens.mask[..., None], torch.nan), tokens.mask))
        seen += rows(lengths, seed)
    tokens_seen = torch.cat(seen).double().numpy()
    np.testing.assert_allclose(module.mean, tokens_seen.mean(0), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(module.variance, tokens_seen.var(0), rtol=1e-3, atol=1e-2)


def test_evaluation_uses_the_statistics_of_training_and_leaves_them() -> None:
    module = Standardise(3).train()
    batch = pad(rows([5, 5, 5], 0))
    module(batch)
    module.eval()
    values = module(batch).values.reshape(-1, 3)
    torch.testing.assert_close(values.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(values.std(0, correction=0), torch.ones(3), atol=1e-4, rtol=0)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    module(pad(rows([2], 1)))
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


def test_a_row_in_evaluation_does_not_depend_on_its_batch() -> None:
    module = Standardise(3).train()
    module(pad(rows([3, 4], 0)))
    module.eval()
    first, second = rows([2, 4], 1)
    torch.testing.assert_close(
        module(pad([first])).values[0], module(pad([first, second])).values[0, :2]
    )


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "batch",
    [
        [torch.full((1, 3), 5.0)],
        [torch.full((4, 3), 123456.7)] * 3,
        [torch.empty(0, 3)] * 2,
        [torch.tensor([[1e30, -1e30, 0.0]]), torch.zeros(1, 3)],
    ],
    ids=["one token", "constant", "all missing", "huge"],
)
def test_output_is_finite(batch: list[Tensor], *, training: bool) -> None:
    module = Standardise(3).train()
    module(pad(batch))
    module.train(training)
    assert module(pad(batch)).values.isfinite().all()


@pytest.mark.parametrize("constant", [1e9, -3.7e14])
def test_the_rounding_of_a_large_constant_stays_small(constant: float) -> None:
    module = Standardise(1).train()
    for rows_in_batch in (32, 7, 31):
        batch = pad([torch.full((3, 1), constant)] * rows_in_batch)
        assert module(batch).values.abs().max() < 0.1


@pytest.mark.parametrize("spread", [0.0, 1e-40, 1e-20, 1e-3])
@pytest.mark.parametrize("far", [1e15, -3e38])
def test_what_lies_far_from_all_that_was_seen_stays_small_enough_to_be_squared(
    spread: float, far: float
) -> None:
    module = Standardise(1).train()
    module(pad([torch.linspace(-spread, spread, 9)[:, None]]))
    module.eval()
    assert module(pad([torch.tensor([[far]])])).values.square().sum().isfinite()


def test_a_feature_that_never_varied_stays_small_when_it_does() -> None:
    module = Standardise(1).train()
    module(pad([torch.full((1, 1), 0.1)] * 7))
    module.eval()
    assert module(pad([torch.tensor([[1.1]])])).values.item() == pytest.approx(1.0, abs=1e-4)

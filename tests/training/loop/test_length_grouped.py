"""Batches of rows of similar length."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from chiasm.training.loop.batches import LengthGrouped

lengths = st.lists(st.integers(0, 200), min_size=1, max_size=300)


@given(lengths=lengths, batch_size=st.integers(1, 40))
def test_every_row_comes_once_an_epoch(lengths: list[int], batch_size: int) -> None:
    sampler = LengthGrouped(lengths, batch_size=batch_size, seed=0)
    assert len(sampler) == len(lengths)
    assert sorted(sampler) == list(range(len(lengths)))


def test_padding_is_less_than_in_a_random_order() -> None:
    lengths = torch.randint(1, 200, (1000,), generator=torch.Generator().manual_seed(0)).tolist()

    def computed(order: list[int]) -> int:
        batches = [order[start : start + 32] for start in range(0, len(order), 32)]
        return sum(len(batch) * max(lengths[row] for row in batch) for batch in batches)

    grouped = computed(list(LengthGrouped(lengths, batch_size=32, seed=0)))
    assert sum(lengths) <= grouped < 1.2 * sum(lengths) < computed(list(range(1000))) / 1.5


def test_long_and_short_batches_alternate_at_random() -> None:
    lengths = list(range(640))
    order = list(LengthGrouped(lengths, batch_size=64, seed=0))
    longest = [max(order[start : start + 64]) for start in range(0, 640, 64)]
    assert longest != sorted(longest)
    assert longest != sorted(longest, reverse=True)


def test_the_order_follows_seed_and_epoch_and_nothing_else() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        sampler = LengthGrouped(list(range(100)), batch_size=8, seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    orders = [order(seed, epoch) for seed in range(3) for epoch in range(3)]
    assert len({tuple(order) for order in orders}) == len(orders)
    torch.manual_seed(1)
    assert orders[-1] == order(2, 2)

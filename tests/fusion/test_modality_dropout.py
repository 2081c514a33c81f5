import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chiasm.encoders.tokens import Tokens
from chiasm.fusion.modality_dropout import ModalityDropout

from .batches import THREE, TWO, draw_batch

ROWS = 20_000


def present(batch: dict[str, Tokens]) -> torch.Tensor:
    return torch.stack([tokens.present for tokens in batch.values()], dim=1)


def many(modalities: tuple[str, ...]) -> dict[str, Tokens]:
    return {
        m: Tokens(torch.ones(ROWS, 1, 1), torch.ones(ROWS, 1, dtype=torch.bool)) for m in modalities
    }


@settings(deadline=None, max_examples=50)
@given(
    patterns=st.lists(st.tuples(*[st.booleans()] * 3), min_size=1, max_size=20),
    p=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
def test_a_row_that_has_something_keeps_something_and_nothing_is_added(
    patterns: list[tuple[bool, ...]], p: float, seed: int
) -> None:
    batch = draw_batch(THREE, patterns)
    torch.manual_seed(seed)
    before, after = present(batch), present(ModalityDropout(p)(batch))
    assert torch.equal(after.any(dim=1), before.any(dim=1))
    assert not (after & ~before).any()


@settings(deadline=None, max_examples=50)
@given(
    patterns=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=8),
    seed=st.integers(0, 100),
)
def test_a_modality_is_kept_whole_or_dropped_whole(
    patterns: list[tuple[bool, ...]], seed: int
) -> None:
    batch = draw_batch(TWO, patterns)
    torch.manual_seed(seed)
    for modality, after in ModalityDropout(0.5)(batch).items():
        before = batch[modality]
        assert torch.equal(after.mask, before.mask & after.present[:, None])
        assert torch.equal(after.values, before.values)


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_each_modality_is_dropped_at_the_given_rate_unless_all_would_be(p: float) -> None:
    torch.manual_seed(0)
    dropped = 1 - present(ModalityDropout(p)(many(TWO))).float().mean(dim=0)
    assert torch.allclose(dropped, torch.tensor(p - p**2), atol=0.015)


def test_rows_are_dropped_one_by_one() -> None:
    torch.manual_seed(0)
    after = present(ModalityDropout(0.5)(many(THREE)))
    patterns, counts = after.unique(dim=0, return_counts=True)
    # All but the empty pattern; the whole row stands for it too.
    assert len(patterns) == 7
    expected = torch.full((7,), ROWS / 8)
    expected[patterns.all(dim=1)] *= 2
    assert torch.allclose(counts.float(), expected, rtol=0.1)


@pytest.mark.parametrize(("p", "training"), [(0.9, False), (0.0, True)])
def test_judging_and_a_rate_of_0_change_nothing(p: float, training: bool) -> None:
    batch = many(TWO)
    after = ModalityDropout(p).train(training)(batch)
    assert all(after[m] is batch[m] for m in TWO)


def test_a_modality_alone_is_never_dropped() -> None:
    assert present(ModalityDropout(0.99)(many(("text",)))).all()

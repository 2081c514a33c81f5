from collections.abc import Sequence
from threading import Barrier

import pytest
import torch

from chiasm.encoders.features.encoding import encode
from chiasm.encoders.tokens import Tokens

from .counting import CountingEncoder


class CountsVowels(CountingEncoder):
    """Long are the texts of many vowels."""

    def lengths(self, values: Sequence[str]) -> Sequence[int]:
        return [sum(c in "aeiou" for c in value) for value in values]


def test_values_that_are_long_to_the_network_go_first_and_together() -> None:
    encoder = CountsVowels()
    few = [f"{'x' * n}a" for n in range(20)]
    many = [f"{'ou' * 30}{n}" for n in range(20)]
    mixed = [text for pair in zip(few, many, strict=True) for text in pair]
    features = encode(encoder, mixed)
    batches = sorted(encoder.batches, key=lambda batch: max(map(len, batch)), reverse=True)
    assert [len(batch) for batch in batches] == [16, 16, 8]
    assert set(batches[0]) <= set(many)
    assert set(batches[2]) <= set(few)
    # Each row got its own tokens nevertheless.
    assert [features.length(row) for row in range(40)] == [len(text) for text in mixed]


class MeetingOthers(CountingEncoder):
    """Goes on once so many batches are computed at one time."""

    def __init__(self, cores: int) -> None:
        super().__init__()
        self.meeting = Barrier(cores)

    def encode_frozen(self, batch: Sequence[str]) -> Tokens:
        self.meeting.wait(timeout=60)
        return super().encode_frozen(batch)


@pytest.mark.parametrize("cores", [2, 16, 32])
def test_every_core_has_a_batch_however_many_there_are(cores: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(cores)
    try:
        features = encode(MeetingOthers(cores), [f"{n:04}" for n in range(2 * cores * 16)])
    finally:
        torch.set_num_threads(before)
    assert features.encoded == 2 * cores * 16

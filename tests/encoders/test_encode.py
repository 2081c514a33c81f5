from collections.abc import Sequence

from chiasm.encoders.encode import encode

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

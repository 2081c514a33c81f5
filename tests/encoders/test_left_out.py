import pytest

from chiasm.inference.left_out import LeftOut, TokenLimits, seconds_left_out, wordless
from chiasm.inference.preprocessing.log_mel import LogMel

from .conftest import draw_audio

LIMITS = TokenLimits(most=5, special=2, unknown=0, wordless=frozenset({1, 2}))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([7, 7, 7], []),
        ([7, 7, 7, 7], ["longer than 5 tokens"]),
        ([7, 0], ["has words or signs"]),
        ([1, 0, 2], ["nothing in it is known"]),
        ([1, 2], []),
        ([0, 0, 0, 0], ["longer than 5 tokens", "nothing in it is known"]),
        ([], ["nothing in it is known"]),
    ],
)
def test_what_of_a_text_never_reaches_the_network_is_told(
    words: list[int], expected: list[str]
) -> None:
    found = LIMITS.left_out(words)
    assert len(found) == len(expected)
    assert all(part.reason.startswith(start) for part, start in zip(found, expected, strict=True))


def test_a_tokenizer_that_knows_every_sign_leaves_no_word_out() -> None:
    assert TokenLimits(most=None, special=2, unknown=None).left_out([0] * 99) == ()


def test_punctuation_and_spaces_say_nothing() -> None:
    vocabulary = {"[UNK]": 0, "▁": 1, "##。": 2, "▁,": 3, "a": 4, "▁a": 5, "😀": 6}
    assert wordless(vocabulary) == {1, 2, 3}


def test_where_the_end_is_read_it_says_so() -> None:
    (cut,) = TokenLimits(most=1, special=0, unknown=None, reads_end=True).left_out([5, 5])
    assert cut == LeftOut("longer than 1 tokens; only the end is read", "2 tokens")


def test_a_audio_is_cut_only_beyond_the_limit() -> None:
    assert seconds_left_out(2.0, limit=2.0) == seconds_left_out(99.0, limit=None) == ()
    assert seconds_left_out(2.5, limit=2.0)[0].detail == "2.5 s"


def test_a_audio_tells_by_itself_what_of_it_is_cut() -> None:
    pytest.importorskip("soundfile")
    pytest.importorskip("soxr")
    log_mel = LogMel(max_seconds=1.0, tokens_a_second=10)
    assert log_mel.load(draw_audio(0, seconds=1.0)).left_out == ()
    (cut,) = log_mel.load(draw_audio(0, seconds=2.5)).left_out
    assert cut == LeftOut("longer than 1 s; only the beginning is read", "2.5 s")

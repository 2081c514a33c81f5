import numpy as np

from chiasm.explanation.attribution.scores import Word, word_scores
from chiasm.inference.attribution import Attribution
from chiasm.inference.token_spans import text_spans


def test_pieces_of_a_word_are_one_and_their_scores_summed() -> None:
    text = "  unlovely mug, 2nd"
    pieces = [
        *(("[CLS]", (0, 0)), ("un", (2, 4)), ("##lovely", (4, 10)), ("mug", (11, 14))),
        *((",", (14, 15)), ("2", (16, 17)), ("##nd", (17, 19)), ("[SEP]", (0, 0))),
    ]
    scores = np.array([9.0, 1.0, 2.0, 3.0, -1.0, 0.5, 0.25, 9.0])
    places = tuple(text_spans(text, pieces))
    assert word_scores(text, Attribution("m", "text", "good", None, places, scores)) == [
        Word("unlovely", 2, 10, 3.0),
        Word("mug", 11, 14, 3.0),
        Word(",", 14, 15, -1.0),
        Word("2nd", 16, 19, 0.75),
    ]

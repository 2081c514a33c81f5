"""explain_row: a prediction and its scores, in the form they are sent in."""

import base64
from collections.abc import Mapping

from chiasm.data.pictures import open_picture
from chiasm.runtime.row_prediction import RowPrediction
from chiasm.runtime.token_scores import TokenScores
from chiasm.serving.overlay import LONGEST_SIDE, draw_overlay
from chiasm.serving.parse_row import Values
from chiasm.serving.schemas import Explanation, PictureScores, SoundScore, WordScore


def explain_row(
    values: Values,
    predicted: RowPrediction,
    scores: Mapping[str, TokenScores],
    *,
    explained: str,
) -> Explanation:
    """What the model said of a row, the words and the parts of the picture it rests on."""
    text, picture = values.get("text"), values.get("image")
    return Explanation(
        label=predicted.label,
        probabilities=predicted.probabilities,
        missing=list(predicted.missing),
        explained=explained,
        contributions=predicted.contributions,
        words=_words(text, scores["text"]) if isinstance(text, str) else None,
        picture=_picture(picture, scores["image"]) if isinstance(picture, bytes) else None,
        sound=_sound(scores["audio"]) if "audio" in values else None,
    )


def _words(text: str, scores: TokenScores) -> list[WordScore]:
    """The pieces of one word are taken together: its score is their sum."""
    words: list[WordScore] = []
    for (first, last), score in zip(scores.spans, scores.scores.tolist(), strict=True):
        start, end = int(first), int(last)
        if start == end:
            continue  # the marks of beginning and end stand for no character
        if words and start == words[-1].end and text[start - 1 : start + 1].isalnum():
            before = words.pop()
            start, score = before.start, before.score + score
        words.append(WordScore(text=text[start:end], start=start, end=end, score=score))
    return words


def _picture(file: bytes, scores: TokenScores) -> PictureScores:
    box = scores.box or (0.0, 0.0, 1.0, 1.0)
    picture = open_picture(file, at_least=LONGEST_SIDE)
    return PictureScores(
        grid=scores.scores.tolist(),
        box=box,
        overlay_png=base64.b64encode(draw_overlay(picture, scores.scores, box)).decode(),
    )


def _sound(scores: TokenScores) -> list[SoundScore]:
    return [
        SoundScore(start=start, end=end, score=score)
        for (start, end), score in zip(scores.spans, scores.scores.tolist(), strict=True)
    ]

"""explain_row: a prediction and its scores, in the form they are sent in."""

import base64
import io
from collections.abc import Mapping

from chiasm.data.pictures import open_picture
from chiasm.explain.attribution.attribution import Attribution
from chiasm.explain.attribution.score_grid import score_grid
from chiasm.explain.attribution.word_scores import word_scores
from chiasm.explain.drawing.heat import lay_heat
from chiasm.runtime.row_prediction import RowPrediction
from chiasm.serving.parse_row import Values
from chiasm.serving.schemas import Explanation, PictureScores, SoundScore, WordScore

_LONGEST_SIDE = 640


def explain_row(
    values: Values,
    predicted: RowPrediction,
    scores: Mapping[str, Attribution],
    *,
    explained: str,
) -> Explanation:
    """What the model said of a row, the words and the parts of the picture it rests on."""
    text, picture = values.get("text"), values.get("image")
    return Explanation(
        label=predicted.label,
        probabilities=predicted.probabilities,
        missing=list(predicted.missing),
        notes=list(predicted.notes),
        explained=explained,
        contributions=predicted.contributions,
        words=_words(text, scores["text"]) if isinstance(text, str) else None,
        picture=_picture(picture, scores["image"]) if isinstance(picture, bytes) else None,
        sound=_sound(scores["audio"]) if "audio" in values else None,
    )


def _words(text: str, scores: Attribution) -> list[WordScore]:
    return [
        WordScore(text=word.text, start=word.start, end=word.end, score=word.score)
        for word in word_scores(text, scores)
    ]


def _picture(file: bytes, scores: Attribution) -> PictureScores:
    grid, box = score_grid(scores)
    picture = open_picture(file, at_least=_LONGEST_SIDE)
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    overlay = io.BytesIO()
    lay_heat(picture, scores).save(overlay, "PNG")
    return PictureScores(
        grid=grid.tolist(),
        box=box,
        overlay_png=base64.b64encode(overlay.getvalue()).decode(),
    )


def _sound(scores: Attribution) -> list[SoundScore]:
    return [
        SoundScore(start=place.extent[0], end=place.extent[1], score=score)
        for place, score in zip(scores.places, scores.scores.tolist(), strict=True)
        if place.extent is not None
    ]

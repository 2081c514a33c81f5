"""explain_row: a prediction and its scores, in the form they are sent in."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from chiasm.data.media.kinds import Kind
from chiasm.explanation.attribution.scores import score_grid, word_scores
from chiasm.explanation.drawing.heat import overlay_heatmap
from chiasm.inference.attribution import Attribution
from chiasm.inference.predictions import RowPrediction
from chiasm.serving.schemas import AudioScore, ExplainedPrediction, ImageScores, WordScore


@dataclass(frozen=True)
class Shown:
    """What of a row is shown beside its scores: a text, and a small copy of the image."""

    text: str | None
    image: Image.Image | None


def explain_row(
    shown: Shown,
    predicted: RowPrediction,
    of_kind: Mapping[Kind, Attribution],
    *,
    explained: str,
) -> ExplainedPrediction:
    """What the model said of a row, the words and the parts of the image it rests on.

    ``of_kind`` has the scores by kind: a request has one value of each at most.
    """
    return ExplainedPrediction(
        label=predicted.label,
        probabilities=predicted.probabilities,
        missing=list(predicted.missing),
        notes=list(predicted.notes),
        explained=explained,
        contributions=predicted.contributions,
        words=_words(shown.text, of_kind["text"]) if shown.text is not None else None,
        image=_image(shown.image, of_kind["image"]) if shown.image is not None else None,
        audio=_audio(of_kind["audio"]) if "audio" in of_kind else None,
    )


def _words(text: str, scores: Attribution) -> list[WordScore]:
    return [
        WordScore(text=word.text, start=word.start, end=word.end, score=word.score)
        for word in word_scores(text, scores)
    ]


def _image(image: Image.Image, scores: Attribution) -> ImageScores:
    grid, box = score_grid(scores)
    overlay = io.BytesIO()
    overlay_heatmap(image, scores).save(overlay, "PNG")
    return ImageScores(
        grid=grid.tolist(),
        box=box,
        overlay_png=base64.b64encode(overlay.getvalue()).decode(),
    )


def _audio(scores: Attribution) -> list[AudioScore]:
    return [
        AudioScore(start=span.extent[0], end=span.extent[1], score=score)
        for span, score in zip(scores.spans, scores.scores.tolist(), strict=True)
        if span.extent is not None
    ]

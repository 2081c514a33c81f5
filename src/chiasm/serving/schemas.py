"""The forms of requests and answers, as the OpenAPI document shows them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_EXAMPLE = "A sturdy mug, and the blue is even nicer than in the photo."


class Row(BaseModel):
    """What the model is to look at: any of the modalities it reads, at least one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": _EXAMPLE}], "minProperties": 1}
    )

    text: Annotated[str | None, Field(description="A text.", examples=[_EXAMPLE])] = None
    image: Annotated[
        str | None,
        Field(
            description="An image file (JPEG, PNG, GIF, WEBP, BMP, TIFF) in base64.",
            json_schema_extra={"contentEncoding": "base64"},
        ),
    ] = None
    audio: Annotated[
        str | None,
        Field(
            description="An audio file (WAV, FLAC, OGG, MP3) in base64.",
            json_schema_extra={"contentEncoding": "base64"},
        ),
    ] = None


class BatchRow(Row):
    """One line of a batch; ``id`` comes back with the answer."""

    id: Annotated[str | None, Field(max_length=200, description="Your name for the row.")] = None


class Prediction(BaseModel):
    """What the model says of a row."""

    label: Annotated[str, Field(description="The class with the highest probability.")]
    probabilities: Annotated[
        dict[str, float], Field(description="Of each class, calibrated; they sum to 1.")
    ]
    missing: Annotated[
        list[str], Field(description="Modalities that the model reads and the row does not have.")
    ]
    notes: Annotated[
        list[str],
        Field(description="What of the row the model does not see: what is too long, or unknown."),
    ]


class WordScore(BaseModel):
    """A word of the text, and what hiding it takes from the probability of the explained class."""

    text: str
    start: Annotated[int, Field(description="In characters, from 0.")]
    end: int
    score: Annotated[float, Field(description="Below 0 it speaks against the class.")]


class AudioScore(BaseModel):
    """A piece of the audio, and what hiding it takes from the explained class."""

    start: Annotated[float, Field(description="In seconds.")]
    end: float
    score: float


class ImageScores(BaseModel):
    """What hiding each cell of the image takes from the probability of the explained class."""

    grid: Annotated[list[list[float]], Field(description="Rows of cells.")]
    box: Annotated[
        tuple[float, float, float, float],
        Field(
            description="What the grid covers: left, top, right and bottom, as fractions of the "
            "upright image.",
        ),
    ]
    overlay_png: Annotated[
        str,
        Field(
            description="The image with the grid over it (blue: for, orange: against), in base64",
            json_schema_extra={"contentEncoding": "base64"},
        ),
    ]


class ExplainedPrediction(Prediction):
    """A prediction, and what it rests on."""

    explained: Annotated[str, Field(description="The class that is explained.")]
    contributions: Annotated[
        dict[str, float],
        Field(
            description="Shapley value of each modality: what it adds to the probability of the "
            "predicted class beyond what the model says of nothing at all."
        ),
    ]
    words: Annotated[list[WordScore] | None, Field(description="null without a text.")]
    image: Annotated[ImageScores | None, Field(description="null without an image.")]
    audio: Annotated[list[AudioScore] | None, Field(description="null without an audio clip.")]


class ModelInfo(BaseModel):
    """What is served, and how much it takes."""

    name: str
    version: Annotated[str, Field(description="Of chiasm.")]
    classes: list[str]
    modalities: list[str]
    limits: Annotated[dict[str, float], Field(description="What one request may ask for.")]


class ProblemBody(BaseModel):
    """Why there is no answer (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: Annotated[str, Field(description="What came, what is allowed, and what to do next.")]


class BatchAnswer(BaseModel):
    """A line of the answer to a batch: a prediction, or an error in its place."""

    line: Annotated[int, Field(description="The line of the row, from 1.")]
    id: str | None = None
    label: str | None = None
    probabilities: dict[str, float] | None = None
    missing: list[str] | None = None
    notes: list[str] | None = None
    error: ProblemBody | None = None

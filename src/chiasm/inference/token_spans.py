"""TokenSpan: what a token stands for."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class TokenSpan:
    """The part of a value that a token was made from.

    Attributes:
        label: for a person: the piece of text, "row 2, column 5", "0.4 s".
        extent: of a text, first character and the one after its last; of an image, left, top,
            right and bottom as parts of its width and height; of audio, its beginning and end in
            seconds. None for a token of the whole, such as "[CLS]".
    """

    label: str
    extent: tuple[float, ...] | None = None


Box = tuple[float, float, float, float]
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


def numbered_spans(count: int) -> list[TokenSpan]:
    """Tokens that stand nowhere, by their numbers."""
    return [TokenSpan(f"token {number + 1}") for number in range(count)]


def text_spans(text: str, pieces: Iterable[tuple[str, tuple[int, int]]]) -> list[TokenSpan]:
    """Word pieces, each with its span of characters; one like "[CLS]" has an empty span."""
    return [
        TokenSpan(text[start:end].strip() or piece, (start, end))
        if start < end
        else TokenSpan(piece)
        for piece, (start, end) in pieces
    ]


def grid_spans(rows: int, columns: int, *, whole: int = 0, box: Box = WHOLE) -> list[TokenSpan]:
    """The cells of a grid over a part of an image, row by row, behind ``whole`` tokens of it."""
    left, top, right, bottom = box
    width, height = (right - left) / columns, (bottom - top) / rows
    return [TokenSpan(f"whole {number + 1}") for number in range(whole)] + [
        TokenSpan(
            f"row {row + 1}, column {column + 1}",
            (
                left + column * width,
                top + row * height,
                left + (column + 1) * width,
                top + (row + 1) * height,
            ),
        )
        for row in range(rows)
        for column in range(columns)
    ]


def time_spans(count: int, *, seconds: float) -> list[TokenSpan]:
    """Equal stretches of an audio clip."""
    step = seconds / count
    return [TokenSpan(f"{i * step:.2f} s", (i * step, (i + 1) * step)) for i in range(count)]

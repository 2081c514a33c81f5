"""attribute_rows: what the tokens of the rows on cards stand for, and how they score."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from chiasm.data.media.facts import Value
from chiasm.data.table import Table
from chiasm.encoders.base import Encoder
from chiasm.errors import UnreadableExample
from chiasm.inference.attribution import Attribution
from chiasm.inference.token_spans import TokenSpan
from chiasm.report.examination import METHOD
from chiasm.utils.arrays import Array


def attribute_rows(
    table: Table,
    rows: Iterable[int],
    scores: Mapping[int, Mapping[str, Array]],
    predicted: Mapping[int, str],
    encoders: Mapping[str, Encoder],
) -> dict[int, dict[str, Attribution]]:
    """The attributions of texts and images, by row and modality, as far as there are scores.

    Args:
        table: where the rows are.
        rows: positions of those to attribute.
        scores: as of an ``Examination``.
        predicted: the class of each.
        encoders: that made the tokens.
    """
    return {
        row: {
            modality: Attribution(METHOD, modality, predicted[row], None, spans, own)
            for modality, own in scores.get(row, {}).items()
            if (
                spans := _token_spans(
                    encoders[modality], table.values_of(row).get(modality), len(own)
                )
            )
        }
        for row in rows
    }


def _token_spans(encoder: Encoder, value: Value | None, count: int) -> tuple[TokenSpan, ...]:
    """Those of a value that can be shown; none of another."""
    shown = {"text": str, "image": Path | bytes}.get(encoder.kind)
    if shown is None or not isinstance(value, shown):
        return ()
    try:
        spans = tuple(encoder.token_spans(value, count))
    except UnreadableExample:
        # It was whole when the table was read; the card tells what is wrong now.
        return ()
    return spans if any(span.extent is not None for span in spans) else ()

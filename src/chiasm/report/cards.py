"""show_cards: the chosen rows with all that a person needs to judge them."""

from dataclasses import dataclass

import numpy as np

from chiasm.explanation.cards import CHANCES, Card
from chiasm.explanation.illustrations import illustrate
from chiasm.report.content import Report

_CHARACTERS = 240


@dataclass(frozen=True)
class CardList:
    """Cards under one heading, with a sentence on why to look at them."""

    name: str
    title: str
    why: str
    cards: tuple[Card, ...]


def show_cards(report: Report) -> tuple[CardList, ...]:
    """The most confident mistakes, the most uncertain rows and the likely label errors."""
    chosen = report.chosen
    suggested = {error.row: error.suggested for error in chosen.label_errors}
    found = len(chosen.label_errors)
    lists = (
        (
            "mistakes",
            "Most confident mistakes",
            "Wrong, and sure of it: something is missing in the data, or the label is wrong.",
            chosen.mistakes,
        ),
        (
            "uncertain",
            "Most uncertain rows",
            "Two classes are all but equally probable: what a person should decide first.",
            chosen.uncertain,
        ),
        (
            "label-errors",
            "Likely label errors",
            f"Confident learning doubts {found:,} of {len(report.rows):,} labels; "
            "all of them are in label_errors.csv. Shown are those that are not above.",
            chosen.doubted,
        ),
    )
    return tuple(
        CardList(name, title, why, tuple(_card(report, row, suggested.get(row)) for row in rows))
        for name, title, why, rows in lists
    )


def _card(report: Report, row: int, suggested: int | None) -> Card:
    tested = report.comparison.tested
    probabilities = tested.predictions[report.comparison.winner].probabilities[row]
    likeliest = np.argsort(-probabilities, kind="stable")[:CHANCES]
    added = report.contributions
    return Card(
        id=str(tested.ids[row]),
        label=tested.task.classes[tested.labels[row]],
        chances=tuple((tested.task.classes[k], float(probabilities[k])) for k in likeliest),
        added={m: float(v) for m, v in zip(added.modalities, added.values[row], strict=True)}
        if added
        else {},
        suggested=None if suggested is None else tested.task.classes[suggested],
        shown=illustrate(
            report.rows.values_of(row),
            report.attributions[row],
            kinds=report.rows.kinds,
            facts=report.rows.facts_of(row),
            characters=_CHARACTERS,
        ),
    )

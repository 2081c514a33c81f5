"""unseen_labels: rows that a model is judged by though it never saw their label."""

from collections import Counter

from chiasm.data.checking.near_labels import misspelled
from chiasm.data.labels import class_indices
from chiasm.data.table import Problem, Table
from chiasm.errors import DataError
from chiasm.utils.arrays import Indices

# What all labels that were never seen are where rows are evaluated: one more class.
NOT_SEEN = "(label not seen in training)"
_NAMED, _MOST = 5, 20


def unseen_labels(
    table: Table, rows: Indices, classes: tuple[str, ...], *, what: str
) -> tuple[Problem, ...]:
    """A note on each of these labelled rows whose label is none of the classes of a model.

    Such a row counts as wrong, whatever is predicted. ``what`` names the rows in errors.

    Raises:
        DataError: there are rows, and the label of all is unknown, or one is likely misspelled.
    """
    known = class_indices(classes)
    unseen = [int(row) for row in rows if table.labels[row] not in known]
    counts = Counter(str(table.labels[row]) for row in unseen)
    slips = misspelled(counts, classes)
    if slips or (unseen and len(unseen) == len(rows)):
        named = [
            f"{label!r} ({counts[label]:,} rows)" + (f" for {slips[label]!r}" if slips else "")
            for label in slips or counts
        ]
        more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
        raise DataError(
            f"{what} of {table.source} have labels that the model was not trained on: "
            f"{', '.join(named[:_NAMED])}{more}. It knows {_some(classes)}. Correct these labels, "
            "leave them empty, or train a model with them."
        )
    return tuple(
        Problem(
            row=table.ids[row],
            field="label",
            reason="label not seen in training; counts as wrong",
            action="noted",
            detail=str(table.labels[row]),
            position=row,
        )
        for row in unseen
    )


def _some(classes: tuple[str, ...]) -> str:
    more = f" and {len(classes) - _MOST:,} more" if len(classes) > _MOST else ""
    return ", ".join(map(repr, classes[:_MOST])) + more

"""Modalities that a model looks at and that no row of a table has."""

import logging
from collections import Counter
from collections.abc import Collection

from chiasm.data.readers.columns import MODALITIES
from chiasm.data.table import Problem, Table
from chiasm.errors import DataError

_logger = logging.getLogger(__name__)


def lacking(table: Table, modalities: Collection[str]) -> tuple[str, ...]:
    """What is to be said of each of these modalities that no row has."""
    return tuple(
        _unread(table, modality) if modality in table.values else _absent(table, modality)
        for modality in modalities
        if all(value is None for value in table.values.get(modality, ()))
    )


def say_lacking(table: Table, modalities: Collection[str], *, strict: bool) -> None:
    """Warn of what is lacking.

    Raises:
        DataError: something is, and that is not allowed (``strict``).
    """
    found = lacking(table, modalities)
    if found and strict:
        raise DataError("\n".join(found))
    for sentence in found:
        _logger.warning("%s", sentence)


def absent(table: Table, modalities: Collection[str]) -> tuple[Problem, ...]:
    """A note on every row for each of these modalities that the table was read without."""
    return tuple(
        Problem(
            row=name,
            field=modality,
            reason="the model looks at it, and the data was read without it",
            action="marked missing",
            position=row,
        )
        for modality in modalities
        if modality not in table.values
        for row, name in enumerate(table.ids)
    )


def _absent(table: Table, modality: str) -> str:
    columns = ", ".join(map(repr, table.columns)) or "not known"
    argument = f"`{modality}`" if modality in MODALITIES else f"`features` {modality}=..."
    return (
        f"The model looks at {modality}, and {table.source} was read without it, as "
        f"{' and '.join(table.modalities)} alone: nothing can be said of {modality}. Its columns "
        f"are: {columns}. Rename the one that holds it to {modality!r}, or name it with {argument}."
    )


def _unread(table: Table, modality: str) -> str:
    reasons = Counter(p.reason for p in table.problems if p.field == modality)
    (reason, rows), *_ = (*reasons.most_common(1), ("nothing there", len(table)))
    return (
        f"The model looks at {modality}, and none of the {len(table):,} rows of {table.source} has "
        f"one that can be read ({rows:,} rows: {reason}): nothing can be said of {modality}. Make "
        "sure that it is the right column, and that what it names is there."
    )

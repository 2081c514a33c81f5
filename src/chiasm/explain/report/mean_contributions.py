"""mean_contributions: what each modality adds to the predictions of a data set."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chiasm.explain.report.row_contributions import RowContributions

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class MeanContributions:
    """Means over the rows that were called one class, in probability of that class.

    ``called`` is the class, None: all rows. ``base`` and ``values`` sum to ``confidence``.
    ``decides`` is the share of the rows in which a modality adds the most.
    """

    called: str | None
    rows: int
    base: float
    values: dict[str, float]
    interactions: dict[str, float]
    confidence: float
    decides: dict[str, float]


def mean_contributions(
    rows: RowContributions, classes: Sequence[str]
) -> tuple[MeanContributions, ...]:
    """Over all rows, then over those called each class that was called at all."""
    by_class = [(name, rows.called == index) for index, name in enumerate(classes)]
    return (
        _mean(rows, None, np.ones(len(rows.called), dtype=bool)),
        *(_mean(rows, name, chosen) for name, chosen in by_class if chosen.any()),
    )


def _mean(rows: RowContributions, called: str | None, chosen: Array) -> MeanContributions:
    values = rows.values[chosen]
    most = values.argmax(axis=1)
    base, added = float(rows.base[chosen].mean()), values.mean(axis=0)
    return MeanContributions(
        called=called,
        rows=len(values),
        base=base,
        values={m: float(v) for m, v in zip(rows.modalities, added, strict=True)},
        interactions={pair: float(x[chosen].mean()) for pair, x in rows.interactions.items()},
        confidence=base + float(added.sum()),
        decides={m: float((most == i).mean()) for i, m in enumerate(rows.modalities)},
    )

"""predict_table: labels and probabilities for new rows, by an exported model."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from chiasm.data.table import Problem, Table
from chiasm.data.verification.problems import log_problems
from chiasm.errors import UnreadableExample
from chiasm.inference.left_out import as_problems
from chiasm.inference.missing_modalities import absent, say_lacking
from chiasm.inference.predictions import Predicted
from chiasm.inference.runtime import Runtime, RuntimeInput

_BATCH = 32
_logger = logging.getLogger(__name__)


def predict_table(runtime: Runtime, table: Table, *, strict: bool = False) -> Predicted:
    """Predict every row, labelled or not, that has something the model can look at.

    Raises:
        DataError: no row has one of the modalities that the model looks at, and ``strict``.
    """
    say_lacking(table, runtime.modalities, strict=strict)
    left_out: list[Problem] = []
    labels: list[str | None] = []
    probabilities = np.empty((len(table), len(runtime.classes)), dtype=np.float32)
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(table), _BATCH):
            positions = range(start, min(start + _BATCH, len(table)))
            rows = list(pool.map(lambda position: _load_row(runtime, table, position), positions))
            for position, found in zip(
                positions, runtime.predict(rows, contributions=False), strict=True
            ):
                nothing = len(found.missing) == len(runtime.modalities)
                labels.append(None if nothing else found.label)
                probabilities[position] = list(found.probabilities.values())
            left_out += _left_out(table, positions, rows)
    log_problems(left_out)
    return Predicted(
        ids=table.ids,
        labels=tuple(labels),
        probabilities=probabilities,
        task=runtime.task,
        problems=(*absent(table, runtime.modalities), *left_out),
    )


def _left_out(
    table: Table, positions: Iterable[int], rows: Iterable[Mapping[str, RuntimeInput]]
) -> Iterator[Problem]:
    for position, row in zip(positions, rows, strict=True):
        for modality, loaded in row.items():
            yield from as_problems(table, position, modality, loaded.left_out)


def _load_row(runtime: Runtime, table: Table, position: int) -> dict[str, RuntimeInput]:
    row = {}
    for modality in runtime.modalities:
        value = table.values[modality][position] if modality in table.values else None
        if value is not None:
            try:
                row[modality] = runtime.load(modality, value)
            except UnreadableExample as error:
                _logger.warning(
                    "row %s counts as without %s: %s", table.ids[position], modality, error.reason
                )
    return row

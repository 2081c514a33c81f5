"""prediction_frame: predictions as a data frame."""

import pandas as pd

from chiasm.data.table import Table
from chiasm.model.predicted import Predicted


def prediction_frame(predicted: Predicted, table: Table) -> pd.DataFrame:
    """Every row in order: its id, its label, what was wrong with it, its probabilities."""
    columns: dict[str, object] = {
        "id": predicted.ids,
        "label": predicted.labels,
        "problem": [
            "; ".join(f"{problem.field}: {problem.reason}" for problem in table.problems_of(row))
            for row in range(len(table))
        ],
    }
    # A class may be called "id" or "label"; its column must not take that one's place.
    for index, label in enumerate(predicted.classes):
        columns[f"probability_{label}"] = predicted.probabilities[:, index]
    return pd.DataFrame(columns)

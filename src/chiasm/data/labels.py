"""Labels: the one spelling of a class, and what to do with one never seen."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from chiasm.data.encodings import is_undecodable
from chiasm.data.table import Table
from chiasm.errors import DataError, UnreadableExample

_WHOLE_NUMBER = re.compile(r"(-?\d+)\.0+")


def clean_scalar(value: Any) -> str | None:
    """Spell a label or an id in one way: 1, 1.0 and " 1 " are all "1"; None: nothing there.

    A column of whole numbers turns into "1.0" in many tools as soon as one cell is empty, and
    must still name the same classes.

    Raises:
        UnreadableExample: the value is no single word or number.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if not isinstance(value, str | int | float):
        raise UnreadableExample(f"a {type(value).__name__} instead of a word or a number")
    if is_undecodable(str(value)):
        raise UnreadableExample("undecodable")
    text = str(value).strip()
    whole = _WHOLE_NUMBER.fullmatch(text)
    text = whole[1] if whole else text
    return None if text.lower() in ("", "nan") else text


def check_labels(table: Table, classes: Sequence[str]) -> None:
    """Make sure that a trained model knows every label of a new table.

    Raises:
        DataError: a label is not among ``classes``.
    """
    counts = Counter(table.labels[i] for i in table.labelled)
    unknown = [f"{label!r} ({n} rows)" for label, n in counts.items() if label not in classes]
    if unknown:
        raise DataError(
            f"{table.source} has labels the model was not trained on: {', '.join(unknown)}. It "
            f"knows {', '.join(map(repr, classes))}. Correct these labels, leave them empty, or "
            "train a model with them."
        )

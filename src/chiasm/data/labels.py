"""Labels: the one spelling of a class."""

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from chiasm.errors import UnreadableExample
from chiasm.utils.encodings import is_undecodable

_WHOLE_NUMBER = re.compile(r"(-?\d+)\.0+")
# Characters without an image: formats and controls (zero-width spaces, byte order marks, marks of
# direction), selectors of variants, and fillers.
_INVISIBLE_KINDS = ("Cf", "Cc")
_INVISIBLE = {*map(chr, range(0xFE00, 0xFE10)), *"\u034f\u115f\u1160\u2800\u3164\uffa0"}
_BOOLEANS = {"true": "True", "false": "False"}
_UNLABELLED = "null"


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


def spell_label(value: Any) -> str | None:
    """Spell a label in the one way of files, frames and models; None: the row has none.

    Labels that look alike are one: letters are composed (NFC), invisible characters left out, and
    runs of whitespace are one space. Truth values are "True" and "False", as tools write them in
    capitals or not. "null" says that a row is unlabelled.

    Raises:
        UnreadableExample: the value is no single word or number.
    """
    label = clean_scalar(value)
    if label is None:
        return None
    visible = "".join(c for c in " ".join(label.split()) if not _is_invisible(c))
    text = clean_scalar(" ".join(unicodedata.normalize("NFC", visible).split()))
    if text is None or text == _UNLABELLED:
        return None
    return _BOOLEANS.get(text.lower(), text)


def _is_invisible(letter: str) -> bool:
    return letter in _INVISIBLE or unicodedata.category(letter) in _INVISIBLE_KINDS


def class_indices(classes: Sequence[str]) -> dict[str, int]:
    """The position of each class by the spelling of its labels.

    Models of earlier versions may name classes in other spellings.
    """
    indices: dict[str, int] = {}
    for index, name in enumerate(classes):
        indices.setdefault(spell_label(name) or name, index)
    return indices


def is_nothing(cell: Any) -> bool:
    """Whether a cell is empty: None or NaN."""
    return cell is None or (isinstance(cell, float) and math.isnan(cell))

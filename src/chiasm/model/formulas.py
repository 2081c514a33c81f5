"""shown_formula: cells that a spreadsheet would run as formulas."""

import re

_FORMULA = re.compile(r"[=+\-@\t\r](?![\d.,]+(e[+-]?\d+)?$)", re.IGNORECASE)


def shown_formula(cell: object) -> object:
    """The cell, with a sign in front that has a spreadsheet show it where it would run it.

    A spreadsheet takes what begins with =, +, -, @, a tab or a carriage return and is no number.
    """
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell

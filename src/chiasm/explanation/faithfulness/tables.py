"""An audit as tables for the screen and for Markdown."""

from collections.abc import Sequence
from typing import Literal

from chiasm.explanation.faithfulness.audit import RANDOM, Audit, Gain, Tested
from chiasm.utils.text_table import TextTable

NOTE = (
    "Areas under the predicted class's probability while tokens are removed (deletion: less is "
    "better) and given (insertion: more is better); in points, the gain over random order."
)
_TESTS: tuple[Literal["deletion", "insertion"], ...] = ("deletion", "insertion")


def audit_tables(audit: Audit) -> list[TextTable]:
    """The areas of each method, and how often it names the deciding modality."""
    text_tables = [
        _areas([one for one in audit.tested if one.modality == modality], test)
        for modality in dict.fromkeys(one.modality for one in audit.tested)
        for test in _TESTS
    ]
    if audit.naming is not None:
        shares = [(method, f"{share:.1%}") for method, share in audit.naming.shares.items()]
        title = f"names the deciding modality, {audit.naming.rows:,} rows that one decides"
        text_tables.append(TextTable(title, ("method", "share"), shares))
    return text_tables


def _areas(tested: Sequence[Tested], test: Literal["deletion", "insertion"]) -> TextTable:
    lines = []
    for one in tested:
        gain = one.deletion if test == "deletion" else one.insertion
        lines.append((one.method, f"{gain.area:.3f}", _gain(gain, one.method)))
    return TextTable(
        f"{tested[0].modality}, {test}: {tested[0].rows:,} rows",
        ("method", "area", "gain (95 % interval)"),
        lines,
    )


def _gain(gain: Gain, method: str) -> str:
    if method == RANDOM:
        return ""
    low, high = 100 * gain.interval.low, 100 * gain.interval.high
    return f"{100 * gain.gain:+.1f} ({low:+.1f} to {high:+.1f})"

"""An audit as tables for the terminal."""

from collections.abc import Sequence
from typing import Literal

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table as Grid

from chiasm.explain.faithfulness.audit import RANDOM, Audit, Gain, Tested

_TESTS: tuple[Literal["deletion", "insertion"], ...] = ("deletion", "insertion")


def render_audit(audit: Audit) -> RenderableType:
    """The finding, the areas of each method, and how often it names the deciding modality."""
    parts: list[RenderableType] = [
        escape(audit.finding),
        *(
            _areas([one for one in audit.tested if one.modality == modality], test)
            for modality in dict.fromkeys(one.modality for one in audit.tested)
            for test in _TESTS
        ),
        "Areas under the predicted class's probability while tokens are removed (deletion: less is "
        "better) and given (insertion: more is better); in points, the gain over random order.",
    ]
    if audit.naming is not None:
        naming = Grid(
            title=f"names the deciding modality, {audit.naming.rows:,} rows that one decides"
        )
        naming.add_column("method")
        naming.add_column("share", justify="right")
        for method, share in audit.naming.shares.items():
            naming.add_row(method, f"{share:.1%}")
        parts.append(naming)
    return Group(*parts)


def _areas(tested: Sequence[Tested], test: Literal["deletion", "insertion"]) -> Grid:
    grid = Grid(title=f"{escape(tested[0].modality)}, {test}: {tested[0].rows:,} rows")
    grid.add_column("method")
    grid.add_column("area", justify="right")
    grid.add_column("gain (95 % interval)", justify="right")
    for one in tested:
        gain = one.deletion if test == "deletion" else one.insertion
        grid.add_row(one.method, f"{gain.area:.3f}", _gain(gain, one.method))
    return grid


def _gain(gain: Gain, method: str) -> str:
    if method == RANDOM:
        return ""
    low, high = 100 * gain.interval.low, 100 * gain.interval.high
    return f"{100 * gain.gain:+.1f} ({low:+.1f} to {high:+.1f})"

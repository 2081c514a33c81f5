"""An audit as tables for the terminal."""

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table as Grid

from chiasm.explain.faithfulness.audit import RANDOM, Audit, Gain


def render_audit(audit: Audit) -> RenderableType:
    """The finding, the areas of each method, and how often it names the deciding modality."""
    grid = Grid(
        title=f"{escape(audit.source)}: {audit.rows:,} rows",
        caption="Area under the predicted class's probability, and in points the gain over random "
        "order with its 95 % interval. Deletion is the better the smaller, insertion the larger.",
    )
    grid.add_column("modality")
    grid.add_column("method")
    for name in ("deletion", "gain", "insertion", "gain"):
        grid.add_column(name, justify="right")
    last = None
    for one in audit.tested:
        if last is not None and one.modality != last:
            grid.add_section()
        gains = (one.deletion, one.insertion)
        cells = [cell for gain in gains for cell in (f"{gain.area:.3f}", _gain(gain, one.method))]
        grid.add_row("" if one.modality == last else escape(one.modality), one.method, *cells)
        last = one.modality
    parts: list[RenderableType] = [escape(audit.finding), grid]
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


def _gain(gain: Gain, method: str) -> str:
    if method == RANDOM:
        return ""
    low, high = 100 * gain.interval.low, 100 * gain.interval.high
    return f"{100 * gain.gain:+.1f} ({low:+.1f} to {high:+.1f})"

"""check_view: a CheckReport as rich tables for the terminal."""

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from chiasm.data.check import CheckReport, Groups, Sizes

_NAMES = {
    "text_exact": "equal texts, byte for byte",
    "text_stripped": "equal texts, outer whitespace aside",
    "text_near": "equal texts once normalised",
    "image_exact": "equal pictures, byte for byte",
    "image_near": "nearly equal pictures (pHash)",
    "audio_exact": "equal sounds, byte for byte",
    "any": "any of these, or the group column",
}
_SHOWN = 8


def render(report: CheckReport) -> RenderableType:
    """Draw the report; what needs attention stands last, next to the prompt."""
    parts = [_summary(report), _classes(report), _groups("Duplicates", report.duplicates)]
    conflicts = {name: found for name, found in report.conflicts.items() if found.groups}
    if conflicts:
        parts.append(_groups("Duplicates with different labels", conflicts))
    if report.leakage.unlabelled or report.leakage.split:
        parts.append(_leakage(report))
    if report.problems:
        parts.append(_problems(report))
    return Group(*parts)


def _summary(report: CheckReport) -> Grid:
    grid = Grid(title=Text(report.source), show_header=False)
    grid.add_row("rows", f"{report.rows:,}")
    grid.add_row("labelled", f"{report.labelled:,}")
    grid.add_row("unlabelled", f"{report.unlabelled:,}")
    grid.add_row("set aside", f"{report.set_aside:,}")
    if report.majority_accuracy is not None:
        grid.add_row("majority baseline", f"{report.majority_accuracy:.1%} accuracy")
    if report.encoding is not None:
        grid.add_row("encoding", report.encoding)
    for name, rows in report.present.items():
        grid.add_row(f"with {name}", f"{rows:,}")
    if report.text_characters is not None:
        grid.add_row("characters of a text", _sizes(report.text_characters))
    if report.image_pixels is not None:
        grid.add_row("shorter side of a picture", f"{_sizes(report.image_pixels)} pixels")
        grid.add_row("tiny pictures", f"{report.tiny_images:,}")
    if report.audio_seconds is not None:
        grid.add_row("length of a sound", f"{_sizes(report.audio_seconds, digits=1)} seconds")
    return grid


def _classes(report: CheckReport) -> Grid:
    grid = Grid("class", "rows", "share", title="Classes")
    for name, rows in report.classes.items():
        grid.add_row(Text(name), f"{rows:,}", f"{rows / report.labelled:.1%}")
    return grid


def _groups(title: str, found: dict[str, Groups]) -> Grid:
    grid = Grid("tied by", "groups", "rows", "largest", "such as rows", title=title)
    for name, groups in found.items():
        shown = _NAMES.get(name) or _NAMES.get(f"{name}_near") or _NAMES[f"{name}_exact"]
        counts = [f"{n:,}" for n in (groups.groups, groups.rows, groups.largest)]
        grid.add_row(shown, *counts, _some(groups.examples[0] if groups.examples else []))
    return grid


def _leakage(report: CheckReport) -> Grid:
    grid = Grid("rows", "number", "ids", title="Leakage")
    leaks = {"unlabelled, with a labelled twin": report.leakage.unlabelled}
    for part, ids in (report.leakage.split or {}).items():
        leaks[f"{part}, with a twin in another part"] = ids
    for name, ids in leaks.items():
        grid.add_row(Text(name), f"{len(ids):,}", _some(ids))
    return grid


def _problems(report: CheckReport) -> Grid:
    grid = Grid("field", "problem", "action", "rows", "such as", title="Problems")
    for problem in report.problems:
        examples = [f"{e['row']} {e['detail']}".strip() for e in problem.examples]
        rows = f"{problem.rows:,}"
        grid.add_row(problem.field, Text(problem.reason), problem.action, rows, _some(examples))
    return grid


def _sizes(sizes: Sizes, *, digits: int = 0) -> str:
    low, middle, high = (
        f"{size:,.{digits}f}" for size in (sizes.minimum, sizes.median, sizes.maximum)
    )
    return f"{low} to {high}, median {middle}"


def _some(names: list[str]) -> Text:
    """The first few; ids and paths are shown as they are, not read as rich markup."""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return Text(", ".join(names[:_SHOWN]) + more)

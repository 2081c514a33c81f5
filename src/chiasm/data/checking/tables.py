"""A CheckReport as tables."""

from rich.console import Group, RenderableType

from chiasm.data.checking.report import CheckReport, Groups, Sizes
from chiasm.utils.text_table import TextTable

_NAMES = {
    "text_exact": "equal texts, byte for byte",
    "text_stripped": "equal texts, outer whitespace aside",
    "text_near": "equal texts once normalised",
    "image_exact": "equal images, byte for byte",
    "image_near": "nearly equal images (pHash)",
    "audio_exact": "equal audio clips, byte for byte",
    "any": "any of these, or the group column",
}
_SHOWN = 8


def render(report: CheckReport) -> RenderableType:
    """Draw the report for the terminal."""
    return Group(*(text_table.grid() for text_table in check_tables(report)))


def check_tables(report: CheckReport) -> tuple[TextTable, ...]:
    """The report as tables; what needs attention stands last, next to the prompt."""
    text_tables = [_summary(report), _classes(report), _groups("Duplicates", report.duplicates)]
    if report.near_twins:
        text_tables.append(_near_twins(report))
    conflicts = {name: found for name, found in report.conflicts.items() if found.groups}
    if conflicts:
        text_tables.append(_groups("Duplicates with different labels", conflicts))
    if report.leakage.unlabelled or report.leakage.split:
        text_tables.append(_leakage(report))
    if report.problems:
        text_tables.append(_problems(report))
    return tuple(text_tables)


def _summary(report: CheckReport) -> TextTable:
    rows = [
        ("rows", f"{report.rows:,}"),
        ("labelled", f"{report.labelled:,}"),
        ("unlabelled", f"{report.unlabelled:,}"),
        ("set aside", f"{report.set_aside:,}"),
    ]
    if report.majority_accuracy is not None:
        rows.append(("majority baseline", f"{report.majority_accuracy:.1%} accuracy"))
    if report.encoding is not None:
        rows.append(("encoding", ", ".join(filter(None, (report.encoding, report.encoding_note)))))
    rows += [(f"with {name}", f"{count:,}") for name, count in report.present.items()]
    if report.text_characters is not None:
        rows.append(("characters of a text", _sizes(report.text_characters)))
    if report.image_pixels is not None:
        rows.append(("shorter side of an image", f"{_sizes(report.image_pixels)} pixels"))
        rows.append(("tiny images", f"{report.tiny_images:,}"))
    if report.audio_seconds is not None:
        rows.append(
            ("length of an audio clip", f"{_sizes(report.audio_seconds, digits=1)} seconds")
        )
    return TextTable(report.source, ("what", "how many"), rows)


def _classes(report: CheckReport) -> TextTable:
    return TextTable(
        "Classes",
        ("class", "rows", "share"),
        [
            (name, f"{rows:,}", f"{rows / report.labelled:.1%}")
            for name, rows in report.classes.items()
        ],
    )


def _near_twins(report: CheckReport) -> TextTable:
    return TextTable(
        "Classes that may be one, written twice",
        ("class", "rows", "class", "rows"),
        [
            (one, f"{report.classes[one]:,}", other, f"{report.classes[other]:,}")
            for one, other in report.near_twins
        ],
    )


def _groups(title: str, found: dict[str, Groups]) -> TextTable:
    rows = []
    for name, groups in found.items():
        known = (_NAMES.get(one) for one in (name, f"{name}_near", f"{name}_exact"))
        shown = next(filter(None, known), name)
        counts = (f"{groups.groups:,}", f"{groups.rows:,}", f"{groups.largest:,}")
        rows.append((shown, *counts, _some(groups.examples[0] if groups.examples else [])))
    return TextTable(title, ("tied by", "groups", "rows", "largest", "such as rows"), rows)


def _leakage(report: CheckReport) -> TextTable:
    leaks = {"unlabelled, with a labelled twin": report.leakage.unlabelled}
    for part, ids in (report.leakage.split or {}).items():
        leaks[f"{part}, with a twin in another part"] = ids
    return TextTable(
        "Leakage",
        ("rows", "number", "ids"),
        [(name, f"{len(ids):,}", _some(ids)) for name, ids in leaks.items()],
    )


def _problems(report: CheckReport) -> TextTable:
    return TextTable(
        "Problems",
        ("field", "problem", "action", "rows", "such as"),
        [
            (
                problem.field,
                problem.reason,
                problem.action,
                f"{problem.rows:,}",
                _some([f"{e['row']} {e['detail']}".strip() for e in problem.examples]),
            )
            for problem in report.problems
        ],
    )


def _sizes(sizes: Sizes, *, digits: int = 0) -> str:
    low, middle, high = (
        f"{size:,.{digits}f}" for size in (sizes.minimum, sizes.median, sizes.maximum)
    )
    return f"{low} to {high}, median {middle}"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more

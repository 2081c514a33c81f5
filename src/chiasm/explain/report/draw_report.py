"""draw_report: the figures of a report, by name."""

from matplotlib.figure import Figure

from chiasm.explain.report.figures import draw_contributions, draw_learning, draw_reliability
from chiasm.explain.report.report import Report


def draw_report(report: Report) -> dict[str, Figure]:
    """Those that there is something to draw for."""
    figures = {"reliability": draw_reliability(report.reliability)}
    if any(report.histories):
        figures["learning"] = draw_learning([h for h in report.histories if h])
    if report.means:
        figures["contributions"] = draw_contributions(report.means)
    return figures

"""blank_figure: where a picture begins."""

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_DPI = 150


def blank_figure(width: float, height: float) -> Figure:
    """A figure of this size in inches.

    Without pyplot nothing global is touched and no display is looked for.
    """
    figure = Figure(figsize=(width, height), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure

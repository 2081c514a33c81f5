"""Report: everything that the page of a trained, compared or evaluated model shows."""

from collections.abc import Mapping
from dataclasses import dataclass

from chiasm.data.checking.report import CheckReport
from chiasm.data.table import Table
from chiasm.evaluation.comparison import Comparison
from chiasm.evaluation.robustness import Robustness
from chiasm.inference.attribution import Attribution
from chiasm.report.contributions import MeanContributions, RowContributions
from chiasm.report.selection import Chosen
from chiasm.tasks.calibration import Bin
from chiasm.training.loop.epochs import Epoch
from chiasm.utils.html import render_html


@dataclass(frozen=True)
class Report:
    """A comparison, and a closer look at its winner.

    Attributes:
        comparison: every model, judged on the same rows.
        rows: the judged rows, in the order of ``comparison.tested``.
        data: what ``check`` finds in the whole data set.
        caution: how far the judged rows can be trusted to judge.
        reliability: of the winner.
        histories: its epochs, one training after the other: of each fold, or of one model.
        contributions: what each modality adds to its predictions; None where it has only one.
        means: of these, over all rows and by class.
        robustness: its accuracy where a modality is damaged.
        chosen: rows to look at.
        attributions: of their words and images, by row and modality, where there are any.
        command: that made it.
        seed: of the splits, the training and the bootstrap.
        versions: of the packages.
    """

    comparison: Comparison
    rows: Table
    data: CheckReport
    caution: str
    reliability: tuple[Bin, ...]
    histories: tuple[tuple[Epoch, ...], ...]
    contributions: RowContributions | None
    means: tuple[MeanContributions, ...]
    robustness: tuple[Robustness, ...]
    chosen: Chosen
    attributions: Mapping[int, Mapping[str, Attribution]]
    command: str
    seed: int
    versions: Mapping[str, str]

    def _repr_html_(self) -> str:
        """The page in a frame, as a notebook shows it."""
        # It takes a Report itself.
        from chiasm.report.page import render_page

        return render_html("explanation/frame.html", title="Report", page=render_page(self))

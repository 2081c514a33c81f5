"""write_audit: an audit as files."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from chiasm.evaluation.figures import blank_figure
from chiasm.explanation.faithfulness.audit import RANDOM, Audit
from chiasm.explanation.faithfulness.tables import NOTE, audit_tables
from chiasm.utils.writing import atomic_writes, write_json, write_text


def write_audit(audit: Audit, out: Path) -> None:
    """Write ``audit.json``, its tables as ``audit.md`` and the curves as ``audit.png``.

    An audit that is there already stays until all of it is written.
    """
    paragraphs = [audit.finding, *_markdown(audit), NOTE]
    with atomic_writes(out) as part:
        write_json({"finding": audit.finding} | asdict(audit), part / "audit.json")
        write_text(part / "audit.md", "\n\n".join(paragraphs) + "\n")
        _draw(audit, part / "audit.png")


def _markdown(audit: Audit) -> list[str]:
    return [f"{text_table.title}\n\n{text_table.markdown()}" for text_table in audit_tables(audit)]


def _draw(audit: Audit, path: Path) -> None:
    """One line of panels a modality: deletion, insertion."""
    modalities = list(dict.fromkeys(one.modality for one in audit.tested))
    figure = blank_figure(8, 3 * len(modalities) + 0.6)
    grid = figure.subplots(len(modalities), 2, sharex=True, sharey=True, squeeze=False)
    for line, modality in zip(grid, modalities, strict=True):
        for axes, kind in zip(line, ("deletion", "insertion"), strict=True):
            for one in audit.tested:
                if one.modality == modality:
                    curve = one.deletion_curve if kind == "deletion" else one.insertion_curve
                    style = {"color": "grey", "linestyle": "--"} if one.method == RANDOM else {}
                    share = np.linspace(0, 100, len(curve))
                    axes.plot(share, curve, label=one.method, **style)
            axes.set_title(f"{modality}: {kind}", fontsize=10, parse_math=False)
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(alpha=0.3)
        line[0].set_ylabel("probability of the class")
    verbs = ("removed", "given")
    for axes, verb in zip(grid[-1], verbs, strict=True):
        axes.set_xlabel(f"% of the tokens {verb}")
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path)

"""write_report: a comparison as files that people and programs read."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from chiasm.evaluation.comparison import Comparison
from chiasm.evaluation.report.figures import draw_confusions, draw_scores
from chiasm.evaluation.report.leaderboard import markdown_report


def write_report(
    comparison: Comparison, out: Path, *, classes: Sequence[str], command: str
) -> None:
    """Write ``report.json``, ``report.md``, ``scores.png`` and ``confusion.png``."""
    out.mkdir(parents=True, exist_ok=True)
    content = asdict(comparison) | {"classes": list(classes), "command": command}
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    (out / "report.json").write_text(text, encoding="utf-8")
    report = markdown_report(comparison, classes, command)
    (out / "report.md").write_text(report, encoding="utf-8")
    draw_scores(comparison, out / "scores.png")
    draw_confusions(comparison, classes, out / "confusion.png")

"""A report of made-up predictions on real rows."""

import io
from collections.abc import Sequence

import numpy as np
import pandas as pd
from PIL import Image

from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.evaluation.comparison import MAJORITY, OutOfFold, Predictions, evaluate_systems
from chiasm.explanation.contributions import Contributions
from chiasm.inference.token_spans import TokenSpan, grid_spans, text_spans
from chiasm.report.building import build_report
from chiasm.report.content import Report
from chiasm.report.examination import Examination
from chiasm.tasks.multiclass import Multiclass
from chiasm.training.loop.epochs import Epoch

HOSTILE = '<script>alert("x")</script><img src="https://example.org/x.png" onerror=alert(1)> & '
CLASSES = ("$good$", "<b>bad</b>")
MODALITIES = ("text", "image")
ROWS = 60


def make_table(rows: int = ROWS, *, classes: Sequence[str] = CLASSES) -> Table:
    def image(row: int) -> bytes:
        noise = np.random.default_rng(row).integers(0, 256, (40, 60, 3), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(noise).save(file, "PNG")
        return file.getvalue()

    return read(
        pd.DataFrame(
            {
                "id": [f"<r{row}>" for row in range(rows)],
                "text": [f"{HOSTILE}{row} {'very ' * 100}long" for row in range(rows)],
                "image": [image(row) if row % 7 else None for row in range(rows)],
                "label": [classes[row % len(classes)] for row in range(rows)],
            }
        )
    )


def make_probabilities(labels: np.ndarray, classes: int, *, seed: int) -> np.ndarray:
    made = np.random.default_rng(seed).dirichlet(np.full(classes, 0.5), size=len(labels))
    made[np.arange(len(labels)), labels] += 0.3
    return made / made.sum(axis=1, keepdims=True)


class MadeUpEncoder:
    """Two tokens of a text, its first two words; four cells of an image."""

    def __init__(self, modality: str) -> None:
        self.kind = modality

    def token_spans(self, value: str | bytes, count: int) -> list[TokenSpan]:
        if isinstance(value, bytes):
            return grid_spans(2, 2)
        begin = value.index("very")
        return text_spans(value, [("very", (begin, begin + 4)), ("very", (begin + 5, begin + 9))])


def make_examination(probabilities: np.ndarray, classes: Sequence[str]) -> Examination:
    """The image adds twice as much as the words."""
    base = np.full(len(classes), 1 / len(classes))
    added = probabilities - base
    return Examination(
        Contributions(
            modalities=MODALITIES,
            classes=tuple(classes),
            values=np.stack([added / 3, 2 * added / 3], axis=1),
            interactions={("image", "text"): added / 2},
            base=base,
            prediction=probabilities,
            null_mass={"text->image": np.full(len(probabilities), 0.81)},
        ),
        damaged={
            "text removed": probabilities,
            "image removed": probabilities[:, ::-1],
        },
        scores={
            row: {"text": np.array([2.0, -1.0])}
            | ({"image": np.array([1.0, 0.0, 0.0, -1.0])} if row % 7 else {})
            for row in range(len(probabilities))
        },
    )


def make_report(
    table: Table | None = None, *, classes: Sequence[str] = CLASSES, command: str = "chiasm compare"
) -> Report:
    """Two folds of a comparison of text, image and concat; concat is the best."""
    table = make_table(classes=classes) if table is None else table
    labels = np.array([list(table.classes).index(str(label)) for label in table.labels])
    count, rows = len(table.classes), len(table)
    concat = make_probabilities(labels, count, seed=0)
    tested = OutOfFold(
        ids=np.array(table.ids),
        positions=np.arange(rows),
        labels=labels,
        folds=np.arange(rows) // (rows // 2),
        of_folds=2,
        groups=np.arange(rows),
        task=Multiclass(table.classes),
        predictions={
            MAJORITY: Predictions(np.tile(np.eye(count)[0], (rows, 1)), 0, 0.0),
            "text": Predictions(np.roll(concat, 1, axis=0), 10, 1.0),
            "image": Predictions(np.roll(concat, 3, axis=0), 20, 2.0),
            "concat": Predictions(concat, 30, 3.0),
        },
    )
    half = rows // 2
    return build_report(
        evaluate_systems(tested, modalities=MODALITIES, seed=0),
        table,
        caution="Two folds.",
        examined=[make_examination(part, table.classes) for part in (concat[:half], concat[half:])],
        encoders={modality: MadeUpEncoder(modality) for modality in MODALITIES},
        histories=[[Epoch("gated", i, 1 / i, 1.0, 0.5, 0.5, 0.5, 0.5, 1.0) for i in (1, 2, 3)]] * 2,
        command=command,
        seed=0,
    )

"""The pointing game on easy-VQA: does the highest score lie on the shape that was asked about?

    python benchmarks/pointing_game.py MODEL DATA [ROWS]

MODEL is what ``chiasm train`` wrote, DATA the vqa.csv of ``chiasm sample vqa``. Of its test rows,
those count whose answer is right and names a colour or a shape: such a question is always about the
one shape in the image. A hit is a highest-scored cell that touches the box around the shape
(Zhang et al., "Top-down Neural Attention by Excitation Backprop", 2018; where they allow 15 pixels,
the cell is the tolerance, as small shapes are smaller than one). Chance is the part of the cells
that do. Writes benchmarks/results/pointing_game.json.
"""

import json
import sys
from pathlib import Path

import numpy as np

from chiasm.data.media.images import open_image
from chiasm.data.reading import read
from chiasm.data.table import Table
from chiasm.encoders.features.cache import FeatureCache
from chiasm.explanation.attribution.methods import methods_for
from chiasm.explanation.attribution.token_scores import token_scores
from chiasm.explanation.token_spans import token_spans
from chiasm.inference.token_spans import TokenSpan
from chiasm.model.dataset import encode_table
from chiasm.model.logits import predict_probabilities
from chiasm.model.storage import load_model

RESULT = Path(__file__).parent / "results" / "pointing_game.json"
ROWS = 1000
# Of 255: the background is one pale colour, the shape a strong one.
DIFFERENT = 60


def shape_box(path: Path) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of what is not background, as parts of width and height."""
    pixels = np.asarray(open_image(path)).astype(int)
    background = np.median(np.concatenate([pixels[0], pixels[-1]]), axis=0)
    shape = np.abs(pixels - background).max(axis=2) > DIFFERENT
    rows, columns = np.flatnonzero(shape.any(axis=1)), np.flatnonzero(shape.any(axis=0))
    if not len(rows):
        return None
    height, width = shape.shape
    return columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height


def touches(place: TokenSpan, box: tuple[float, float, float, float]) -> bool:
    if place.extent is None:
        return False
    left, top, right, bottom = place.extent
    return left < box[2] and right > box[0] and top < box[3] and bottom > box[1]


def draw_rows(table: Table, count: int) -> np.ndarray:
    tests = [
        row
        for row, split in enumerate(table.split)
        if split == "test" and table.labels[row] not in ("yes", "no", None)
    ]
    return np.sort(np.random.default_rng(0).permutation(tests)[:count])


def main() -> None:
    model = load_model(Path(sys.argv[1]))
    table = read(Path(sys.argv[2]))
    table = table.take(draw_rows(table, int(sys.argv[3]) if len(sys.argv) > 3 else ROWS))
    rows = encode_table(table, model.encoders, cache=FeatureCache())
    predicted = predict_probabilities(model, rows).numpy().argmax(axis=1)
    boxes = [shape_box(path) for path in table.values["image"]]
    right = np.array(
        [
            row
            for row, label in enumerate(table.labels)
            if model.classes[predicted[row]] == label and boxes[row] is not None
        ]
    )
    answered = rows.take(right)
    places = [p["image"] for p in token_spans(model, table, list(right), answered)]
    cells = [
        np.array([touches(place, boxes[row]) for place in own])
        for row, own in zip(right, places, strict=True)
    ]
    hits = {}
    for method in methods_for(model):
        scores = token_scores(model, answered, method=method, target=predicted[right])
        best = [
            # A token of the whole image points nowhere.
            max((s, i) for i, s in enumerate(of_row["image"]) if own[i].extent is not None)[1]
            for of_row, own in zip(scores, places, strict=True)
        ]
        hits[method] = round(float(np.mean([cells[i][k] for i, k in enumerate(best)])), 4)
    result = {
        "asked": len(table),
        "right": len(right),
        "hits": hits,
        "chance": round(float(np.mean([own.mean() for own in cells])), 4),
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()

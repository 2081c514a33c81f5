"""A model that is quick, remembers how it was called, and reads what real ones read."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chiasm.data.media.audio import open_audio
from chiasm.data.media.images import open_image
from chiasm.data.media.kinds import Kind, default_kind
from chiasm.inference.attribution import Attribution
from chiasm.inference.predictions import RowPrediction
from chiasm.inference.token_spans import grid_spans, text_spans, time_spans

GRID = 7


def load_audio(content: bytes) -> float:
    return float(open_audio(content, rate=16_000, max_seconds=30).mean())


def load_image(content: bytes) -> Any:
    return np.asarray(open_image(content).resize((GRID, GRID)).convert("L")) / 255


@dataclass
class StandIn:
    """The text decides by its count of "good" less its count of "bad", the image by its light."""

    classes: tuple[str, ...] = ("negative", "neutral", "positive")
    modalities: tuple[str, ...] = ("text", "image")
    name: str = "stand-in"
    seconds: float = 0.0
    batches: list[int] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    @property
    def kinds(self) -> dict[str, Kind]:
        return {modality: default_kind(modality) for modality in self.modalities}

    def loader(self, modality: str) -> Callable[[Any], Any]:
        return {"text": str, "audio": load_audio, "image": load_image}[modality]

    def predict(
        self, rows: Sequence[Mapping[str, Any]], *, contributions: bool = True
    ) -> list[RowPrediction]:
        self.before()
        time.sleep(self.seconds)
        self.batches.append(len(rows))
        return [self._predict(row) for row in rows]

    def occlude(
        self, row: Mapping[str, Any], *, label: str | None = None
    ) -> dict[str, Attribution]:
        found = {}
        if "text" in row:
            words, start = [], 0
            for word in row["text"].split():
                start = row["text"].index(word, start)
                words.append((word, (start, start + len(word))))
                start += len(word)
            found["text"] = text_spans(row["text"], words), np.linspace(-0.2, 0.3, len(words))
        if "image" in row:
            cells = grid_spans(GRID, GRID, box=(0.1, 0.0, 0.9, 1.0))
            found["image"] = cells, (row["image"] - 0.5).ravel()
        if "audio" in row:
            found["audio"] = time_spans(2, seconds=0.2), np.array([0.1, -0.1])
        return {
            modality: Attribution("occlusion", modality, label or "", None, tuple(places), scores)
            for modality, (places, scores) in found.items()
        }

    def _predict(self, row: Mapping[str, Any]) -> RowPrediction:
        text = row.get("text", "")
        if "break the model" in text:
            raise RuntimeError(f"broken by {text}")
        leaning = text.count("good") - text.count("bad")
        if "image" in row:
            leaning += row["image"].mean() - 0.5
        odds = np.exp([-leaning, 0.0, leaning])
        probabilities = dict(zip(self.classes, (odds / odds.sum()).tolist(), strict=True))
        return RowPrediction(
            label=max(probabilities, key=lambda label: probabilities[label]),
            probabilities=probabilities,
            contributions={m: 0.2 if m in row else 0.0 for m in self.modalities},
            missing=tuple(m for m in self.modalities if m not in row),
            notes=("text: signs that nobody knows",) if "☃" in text else (),
        )

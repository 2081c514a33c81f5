"""Explanation: all that can be said of one prediction."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from chiasm.data.media.facts import Value
from chiasm.data.media.kinds import Kind
from chiasm.explanation.attention_maps import AttentionMap
from chiasm.explanation.contributions import Contributions
from chiasm.explanation.counterfactual import Counterfactual
from chiasm.explanation.neighbours import Neighbour
from chiasm.inference.attribution import Attribution
from chiasm.utils.html import render_html


@dataclass(frozen=True)
class Explanation:
    """The numbers of one row; ``write_explanations`` draws them.

    Attributes:
        id, label: of the row; None where it is unlabelled.
        values: what was explained, by modality.
        kinds: of the modalities.
        predicted: the most probable class.
        contributions: of this row alone (n = 1).
        attributions: one a method and modality.
        attention: one a direction; empty for a fusion without attention.
        counterfactuals: one a modality.
        neighbours: the nearest labelled rows, nearest first.
    """

    id: str
    label: str | None
    values: dict[str, Value]
    kinds: dict[str, Kind]
    predicted: str
    contributions: Contributions
    attributions: tuple[Attribution, ...]
    attention: tuple[AttentionMap, ...]
    counterfactuals: tuple[Counterfactual, ...]
    neighbours: tuple[Neighbour, ...]

    def as_dict(self) -> dict[str, Any]:
        """The numbers, in a form that JSON knows."""
        made = self.contributions

        def by_class(numbers: Any) -> dict[str, float]:
            return dict(zip(made.classes, map(float, numbers), strict=True))

        masses = {direction: float(mass[0]) for direction, mass in made.null_mass.items()}
        return {
            "id": self.id,
            "label": self.label,
            "predicted": self.predicted,
            "probabilities": by_class(made.prediction[0]),
            "contributions": {
                "base": by_class(made.base),
                "values": {
                    m: by_class(numbers)
                    for m, numbers in zip(made.modalities, made.values[0], strict=True)
                },
                "interactions": {
                    " & ".join(pair): by_class(numbers[0])
                    for pair, numbers in made.interactions.items()
                },
                "null_mass": {d: None if math.isnan(x) else x for d, x in masses.items()},
            },
            "counterfactuals": [
                asdict(one) | {"prediction": by_class(one.prediction)}
                for one in self.counterfactuals
            ],
            "neighbours": [asdict(one) for one in self.neighbours],
            "attributions": [one.as_dict() for one in self.attributions],
            "attention": [one.as_dict() for one in self.attention],
        }

    def _repr_html_(self) -> str:
        """The page in a frame, as a notebook shows it."""
        # It takes an Explanation itself.
        from chiasm.explanation.page import render_explanation

        return render_html(
            "explanation/frame.html", title="Explanation", page=render_explanation(self)
        )

"""Attribution: scores of tokens, and what the tokens are."""

from dataclasses import dataclass
from typing import Any

from chiasm.inference.token_spans import TokenSpan
from chiasm.utils.arrays import Floats


@dataclass(frozen=True)
class Attribution:
    """How much each token of one modality of a row speaks for a class, by one method.

    Attributes:
        method: a name in ``METHODS``.
        modality: whose tokens they are.
        target: the class that is explained.
        contrast: the class it is held against; None: all others. Attention is the same for all.
        spans: what each of the l tokens stands for.
        scores: ``[l]``; in log-odds, but for attention, which is a share of the weight, and where
            an exported model made them: those are in probability.
    """

    method: str
    modality: str
    target: str
    contrast: str | None
    spans: tuple[TokenSpan, ...]
    scores: Floats

    def as_dict(self) -> dict[str, Any]:
        """The numbers, in a form that JSON knows."""
        return {
            "method": self.method,
            "modality": self.modality,
            "target": self.target,
            "contrast": self.contrast,
            "tokens": [
                {"label": span.label, "extent": span.extent, "score": float(score)}
                for span, score in zip(self.spans, self.scores, strict=True)
            ],
        }

"""render_explanation: an explanation as one page that needs nothing else."""

import math

from chiasm.explanation.cards import CHANCES, Card
from chiasm.explanation.illustrations import illustrate
from chiasm.explanation.result import Explanation
from chiasm.inference.attribution import Attribution
from chiasm.utils.html import render_html
from chiasm.utils.text_table import TextTable

_PREFERRED = "gradient x attention"
_CHARACTERS = 2_000


def render_explanation(one: Explanation) -> str:
    """HTML with its style and images inside; nothing is fetched, and no script runs."""
    made = one.contributions
    predicted = made.classes.index(one.predicted)
    attributions = _shown_attributions(one)
    method = next((a.method for a in attributions.values()), None)
    return render_html(
        "explanation/explanation.html",
        one=one,
        method=method,
        target=next((a.target for a in attributions.values()), None),
        base=float(made.base[predicted]),
        shown=Card(
            id=one.id,
            label=one.label,
            chances=tuple(
                (made.classes[k], float(made.prediction[0, k]))
                for k in (-made.prediction[0]).argsort(kind="stable")[:CHANCES]
            ),
            added={
                m: float(values[predicted])
                for m, values in zip(made.modalities, made.values[0], strict=True)
            },
            suggested=None,
            shown=illustrate(
                one.values, attributions, kinds=one.kinds, facts={}, characters=_CHARACTERS
            ),
        ),
        text_tables=_text_tables(one),
    )


def _shown_attributions(one: Explanation) -> dict[str, Attribution]:
    """What is shown over words and images: one method, where its tokens are parts of them."""
    methods = [a.method for a in one.attributions]
    method = _PREFERRED if _PREFERRED in methods else next(iter(methods), None)
    return {
        a.modality: a
        for a in one.attributions
        if a.method == method
        and one.kinds[a.modality] in ("text", "image")
        and any(span.extent is not None for span in a.spans)
    }


def _text_tables(one: Explanation) -> list[TextTable]:
    masses = {d: float(mass[0]) for d, mass in one.contributions.null_mass.items()}
    text_tables = [
        TextTable(
            "Attention that found nothing to use",
            ("direction", "share"),
            [(d.replace("->", " → "), f"{x:.0%}") for d, x in masses.items() if not math.isnan(x)],
        ),
        TextTable(
            "With the value of another row instead",
            ("modality", "tried", "another class", "most changed by"),
            [(c.modality, f"{c.tried}", f"{c.flipped:.0%}", c.other) for c in one.counterfactuals],
        ),
        TextTable(
            "The nearest labelled rows",
            ("row", "label", "similarity"),
            [(n.id, n.label, f"{n.similarity:.2f}") for n in one.neighbours],
        ),
    ]
    return [text_table for text_table in text_tables if text_table.rows]

"""Explanations as a table for the terminal."""

from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.table import Table as Grid

from chiasm.explanation.result import Explanation
from chiasm.utils.arrays import Floats


def render_explanations(explanations: Sequence[Explanation]) -> Grid:
    """One line a row: what is predicted, what each modality adds to it, and what was not used."""
    modalities = explanations[0].contributions.modalities if explanations else ()
    grid = Grid(
        caption="Adds: its Shapley value, in points of probability. Unused: the part of the "
        "null token in what was gathered from it."
    )
    grid.add_column("row")
    grid.add_column("predicted")
    for modality in modalities:
        grid.add_column(f"{escape(modality)} adds", justify="right")
    grid.add_column("unused")
    for one in explanations:
        made = one.contributions
        k = made.classes.index(one.predicted)
        grid.add_row(
            escape(one.id),
            f"{escape(one.predicted)} {made.prediction[0, k]:.0%}",
            *(f"{100 * value:+.0f}" for value in made.values[0, :, k]),
            escape(", ".join(_unused(made.null_mass))),
        )
    return grid


def _unused(null_mass: Mapping[str, Floats]) -> list[str]:
    return [f"{name} {float(mass[0]):.0%}" for name, mass in null_mass.items() if "->" not in name]

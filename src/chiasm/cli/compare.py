"""The command ``chiasm compare``."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chiasm.cli.expand import expand_options
from chiasm.cli.options import Data, Reading, TrainingOptions
from chiasm.cli.progress import progress_bar
from chiasm.cli.screen import command_line, notes, results, say_what_was_read
from chiasm.cli.writes_alone import writes_alone
from chiasm.errors import ChiasmError

if TYPE_CHECKING:
    from chiasm.data.table import Problem, Table
    from chiasm.training.recipe import Recipe


@expand_options
@writes_alone
def compare(
    data: Data,
    reading: Reading,
    settings: TrainingOptions,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the report goes.")],
    folds: Annotated[int, typer.Option(min=2, help="Parts of the cross-validation.")] = 5,
    only_folds: Annotated[
        str | None,
        typer.Option(
            metavar="1,3,...", help="Run only these of the folds, which come out as among all."
        ),
    ] = None,
    fusions: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,C",
            help="Which to compare: text, image, concat, late, gated, cross_attention.",
        ),
    ] = None,
) -> None:
    """Compare fusions fairly: grouped folds, honest baselines, intervals, paired tests.

    Writes report.html, its figures and its numbers.
    Example: chiasm compare reviews.csv --out comparison
    """
    from chiasm.encoders.features.cache import FeatureCache
    from chiasm.evaluation.tables import render_comparison
    from chiasm.report.building import build_report
    from chiasm.report.examination import examine
    from chiasm.report.files import write_report
    from chiasm.training.comparison import systems

    recipe = settings.read_recipe()
    chosen = _numbers(only_folds)
    table = reading.read(data, spare_from=(out,))
    say_what_was_read(table)
    names = tuple(fusions.split(",")) if fusions else _offered(recipe, table)
    compared_fusions = [replace(recipe, fusion=replace(recipe.fusion, name=n)) for n in names]
    settings.refuse_unused(
        {m: kind for each in compared_fusions for m, kind in each.looked_at(table).items()}
    )
    run = len(chosen) or folds
    with progress_bar("training") as progress:
        # Every fusion on every fold, and a closer look at the best one on each.
        steps = (len(names) + 1) * run
        task = progress.add_task("", total=steps)
        compared = systems.compare(
            table,
            recipe,
            folds=folds,
            only_folds=chosen,
            seed=recipe.training.seed,
            fusions=names,
            cache=FeatureCache(),
            advance=lambda done: progress.update(task, advance=1, description=done),
            examine=examine,
        )
        progress.update(task, completed=steps, description="")
    report = build_report(
        compared.comparison,
        replace(table, problems=(*table.problems, *compared.problems, *compared.left_out)),
        caution=f"{run} of {folds} folds: each row is judged by a model that saw "
        f"neither it nor its twins.{_left_out(compared.problems)}",
        examined=compared.examined,
        encoders=recipe.for_table(table).load_encoders(table.kinds),
        histories=compared.histories,
        command=command_line(),
        seed=recipe.training.seed,
    )
    write_report(report, out)
    results.print(render_comparison(compared.comparison))
    notes.print(f"Report: {out / 'report.html'}", highlight=False)


def _left_out(problems: "tuple[Problem, ...]") -> str:
    """How many rows are trained on only."""
    if not problems:
        return ""
    return f" {len(problems):,} rows of classes too rare to be split are trained on only."


def _numbers(only_folds: str | None) -> tuple[int, ...]:
    numbers = only_folds.split(",") if only_folds is not None else []
    if not all(number.strip().isdecimal() for number in numbers):
        raise ChiasmError(
            f"--only-folds is the numbers of folds, such as 1,3,5; not {only_folds!r}."
        )
    return tuple(map(int, numbers))


def _offered(recipe: "Recipe", table: "Table") -> tuple[str, ...]:
    """Every fusion of the modalities that the recipe looks at, its own among them."""
    from chiasm.fusion.build import fusion_names

    encoders = recipe.for_table(table).encoders
    modalities = [m for m in table.modalities if m in encoders]
    names = fusion_names(modalities)
    if len(modalities) < 2 or recipe.fusion.name in names:
        return names
    return (*names, recipe.fusion.name)

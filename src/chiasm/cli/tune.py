"""The command ``chiasm tune``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chiasm.cli.expand import expand_options
from chiasm.cli.options import Data, Reading, TrainingOptions
from chiasm.cli.progress import progress_bar
from chiasm.cli.screen import command_line, notes, results, say_what_was_read
from chiasm.cli.writes_alone import writes_alone
from chiasm.errors import TrainingStopped

if TYPE_CHECKING:
    from chiasm.training.search.result import Trial


@expand_options
@writes_alone
def tune(
    data: Data,
    reading: Reading,
    settings: TrainingOptions,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the trials and the best recipe go.")
    ],
    trials: Annotated[int, typer.Option(min=1, help="How many settings are tried.")] = 30,
    time: Annotated[
        float | None,
        typer.Option(min=0, metavar="MINUTES", help="After so many minutes no trial begins."),
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Inner folds that judge a trial.")] = 3,
) -> None:
    """Look for better settings of a recipe, on grouped folds of the training rows.

    Writes recipe.yaml, trials.csv and trials.png. The same command goes on where it was ended,
    by Ctrl-C too, and with more --trials to further ones.
    Example: chiasm tune reviews.csv --recipe review-offline --trials 50 --time 60 --out tuning
    """
    from chiasm.encoders.features.cache import FeatureCache
    from chiasm.recipes.files import write_recipe
    from chiasm.training.search import tuning
    from chiasm.training.search.result import ranked
    from chiasm.training.search.views import render_tuning

    recipe = settings.read_recipe()
    table = reading.read(data, spare_from=(out,))
    say_what_was_read(table)
    settings.refuse_unused(recipe.looked_at(table))
    with progress_bar("tuning") as progress:
        task = progress.add_task("", total=trials)

        def show(finished: Sequence["Trial"]) -> None:
            best = f"best macro-F1 {ranked(finished)[0].mean.macro_f1:.3f}" if finished else ""
            progress.update(task, completed=len(finished), description=best)

        tuned = tuning.tune(
            table,
            recipe,
            trials=trials,
            minutes=time,
            folds=folds,
            out=out,
            command=command_line(),
            cache=FeatureCache(),
            report=show,
        )
    best = out / "recipe.yaml"
    write_recipe(tuned.recipe, best)
    results.print(render_tuning(tuned))
    notes.print(f"Recipe: {best}", highlight=False)
    if tuned.stopped:
        raise TrainingStopped

"""The command ``chiasm train``."""

from pathlib import Path
from typing import Annotated

import typer

from chiasm.cli.expand import expand_options
from chiasm.cli.options import Data, Reading, TrainingOptions, refuse_without_effect
from chiasm.cli.screen import command_line, notes, results, say_what_was_read
from chiasm.cli.writes_alone import writes_alone


@expand_options
@writes_alone
def train(
    data: Data,
    reading: Reading,
    settings: TrainingOptions,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the model goes.")],
    fusion: Annotated[
        str | None,
        typer.Option(
            help="cross_attention (default), gated, late, concat, or one modality: text, image, "
            "audio, or the name of a feature."
        ),
    ] = None,
    ignore_shifted: Annotated[
        bool,
        typer.Option(
            "--ignore-shifted",
            help="Leave out modalities that look so different in the test rows of the data's own "
            "split that they cannot be expected to hold there. Their labels are not looked at.",
        ),
    ] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write TensorBoard events too.")
    ] = False,
) -> None:
    """Train a model and write it to a folder, with its history, metrics, record and report.html.

    Ctrl-C stops after the step at hand; the same command goes on from there. Several processes:
    torchrun --nproc-per-node 2 -m chiasm train ...
    Examples: chiasm train reviews.csv --out model;
    chiasm train reviews.csv --recipe review-offline --out model
    """
    from chiasm.data.splitting.splits import given_split
    from chiasm.encoders.features.cache import FeatureCache
    from chiasm.evaluation.tables import render_metrics, shift_line
    from chiasm.report.files import write_report
    from chiasm.report.model_report import report_training
    from chiasm.training.loop.compute import distributed_state
    from chiasm.training.loop.epochs import epoch_header, epoch_line
    from chiasm.training.run import pipeline
    from chiasm.training.run.shifts import find_shifts
    from chiasm.training.run.splits import split_rows

    if tensorboard:
        pipeline.check_tensorboard()
    recipe = settings.read_recipe(fusion)
    table = reading.read(data, spare_from=(out,))
    say_what_was_read(table)
    settings.refuse_unused(recipe.looked_at(table))
    given = given_split(table) or {}
    if "test" not in given:
        refuse_without_effect(
            "where the data names test rows of its own", ignore_shifted=ignore_shifted
        )
    if "validation" in given:
        refuse_without_effect(
            "where the data names no validation rows of its own",
            validation=settings.gives("training.validation"),
        )
    # In vain, so that data that cannot be trained on is refused before anything is encoded.
    split_rows(table, recipe)
    cache = FeatureCache()
    shifts = find_shifts(table, recipe, cache=cache)
    shifted = [modality for modality, shift in shifts.items() if shift.is_large]
    for modality in shifted:
        notes.print(shift_line(modality, shifts[modality]), style="yellow", highlight=False)
    if shifted and ignore_shifted:
        table = table.without(shifted)
        notes.print(f"Left out: {', '.join(shifted)}.", style="yellow", highlight=False)
    elif shifted:
        notes.print("--ignore-shifted leaves it out.", style="yellow", highlight=False)
    results.print(epoch_header(), soft_wrap=True)
    trained = pipeline.train(
        table,
        recipe,
        out=out,
        command=command_line(),
        cache=cache,
        report=lambda epoch: results.print(epoch_line(epoch), soft_wrap=True, highlight=False),
        tensorboard=tensorboard,
    )
    if not distributed_state().is_main_process:
        return
    results.print(render_metrics(trained.validation, "validation"))
    if trained.test is not None:
        results.print(render_metrics(trained.test, "test"))
    report = report_training(trained, table, recipe, command=command_line(), cache=cache)
    write_report(report, out)
    notes.print(f"Model: {out}, report: {out / 'report.html'}", highlight=False)

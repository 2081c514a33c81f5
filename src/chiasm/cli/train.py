"""The command ``chiasm train``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from chiasm.cli.expand import expand_options
from chiasm.cli.options import Data, Reading, Settings
from chiasm.cli.screen import command_line, notes, results, say_what_was_read

_VALIDATION = "They chose the epochs and the temperature, so the figures are on the high side."


@expand_options
def train(
    data: Data,
    reading: Reading,
    settings: Settings,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the model goes.")],
    fusion: Annotated[
        str | None,
        typer.Option(
            help="cross_attention (default), gated, late, concat, or one modality: text, image, "
            "audio, or the name of a feature."
        ),
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write TensorBoard events too.")
    ] = False,
) -> None:
    """Train a model and write it to a folder, with its history, metrics and record.

    Ctrl-C stops after the step at hand; the same command goes on from there.
    Examples: chiasm train reviews.csv --out model;
    chiasm train reviews.csv --recipe review-offline --out model
    """
    from chiasm.encoders.cache import FeatureCache
    from chiasm.evaluation.views.metrics_view import render_metrics
    from chiasm.explain.report.report_model import report_model
    from chiasm.explain.report.write_report import write_report
    from chiasm.training import train as training
    from chiasm.training.epochs import epoch_header, epoch_line

    recipe = settings.read_recipe()
    if fusion is not None:
        recipe = replace(recipe, fusion=replace(recipe.fusion, name=fusion))
    table = reading.read(data)
    say_what_was_read(table)
    results.print(epoch_header(), soft_wrap=True)
    cache = FeatureCache()
    trained = training.train(
        table,
        recipe,
        out=out,
        command=command_line(),
        cache=cache,
        report=lambda epoch: results.print(epoch_line(epoch), soft_wrap=True, highlight=False),
        tensorboard=tensorboard,
    )
    results.print(render_metrics(trained.validation, "validation"))
    if trained.test is not None:
        results.print(render_metrics(trained.test, "test"))
    parts = trained.parts
    report = report_model(
        trained.model,
        table,
        parts.test if len(parts.test) else parts.validation,
        part="test rows" if len(parts.test) else "validation rows",
        caution="The data names them its test." if len(parts.test) else _VALIDATION,
        reference=parts.train,
        group_by=recipe.group_by,
        history=trained.history,
        command=command_line(),
        seed=recipe.training.seed,
        cache=cache,
    )
    write_report(report, out)
    notes.print(f"Model: {out}, report: {out / 'report.html'}", highlight=False)

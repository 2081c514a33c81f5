"""The command ``chiasm evaluate``."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from chiasm.cli.expand import expand_options
from chiasm.cli.options import (
    Data,
    GroupBy,
    Json,
    Model,
    Reading,
    Strict,
    refuse_without_effect,
    split_names,
)
from chiasm.cli.screen import command_line, notes, results, say_what_was_read
from chiasm.cli.writes_alone import writes_alone
from chiasm.utils.writing import write_json


@expand_options
@writes_alone
def evaluate(
    model: Model,
    data: Data,
    reading: Reading,
    json: Json = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a report too: report.html and more.")
    ] = None,
    group_by: GroupBy = None,
    strict: Strict = False,
) -> None:
    """Judge a trained model on labelled rows that it was not trained on.

    Data with a split column is judged by its test part.

    Example: chiasm evaluate model new_reviews.csv --out report
    """
    from chiasm.data.checking.report import count_problems
    from chiasm.data.splitting.splits import evaluated_rows
    from chiasm.encoders.features.cache import FeatureCache
    from chiasm.evaluation import held_out
    from chiasm.evaluation.tables import render_metrics
    from chiasm.inference.missing_modalities import absent
    from chiasm.model.left_out import note_left_out
    from chiasm.model.storage import load_model
    from chiasm.report.files import write_report
    from chiasm.report.model_report import report_model
    from chiasm.training.run.record import recorded_group_by

    if out is None:
        refuse_without_effect("on the report, with --out", group_by=group_by)
    loaded = load_model(model)
    table = reading.read(data, spare_from=(json, out))
    say_what_was_read(table)
    cache = FeatureCache()
    evaluated = evaluated_rows(table)
    whole = len(evaluated) == len(table.labelled)
    if not whole:
        notes.print(
            f"Judged by the test part: {len(evaluated):,} of {len(table.labelled):,} labelled rows"
        )
    metrics = held_out.evaluate(loaded, table, cache=cache, strict=strict)
    unseen = loaded.task.check_labels(table, evaluated, what="The rows to judge by")
    table = note_left_out(table, loaded.encoders)
    lacks = absent(table, loaded.modalities)
    table = replace(table, problems=(*table.problems, *lacks, *unseen))
    results.print(render_metrics(metrics, str(data)))
    if json is not None:
        problems = [asdict(one) for one in count_problems(table)]
        write_json(asdict(metrics) | {"problems": problems}, json)
    if out is not None:
        report = report_model(
            loaded,
            table,
            evaluated,
            part="labelled rows" if whole else "test rows",
            caution="They tell what the model can do only if it was not trained on them.",
            reference=table.labelled,
            group_by=split_names(group_by) or recorded_group_by(model),
            history=(),
            command=command_line(),
            seed=0,
            cache=cache,
        )
        write_report(report, out)
        notes.print(f"Report: {out / 'report.html'}", highlight=False)

"""The command ``chiasm explain``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chiasm.cli.expand import expand_options
from chiasm.cli.options import (
    Data,
    GroupBy,
    Model,
    Reading,
    Strict,
    refuse_without_effect,
    split_names,
)
from chiasm.cli.screen import notes, results, say_what_was_read
from chiasm.cli.writes_alone import writes_alone
from chiasm.errors import DataError

if TYPE_CHECKING:
    from chiasm.data.table import Table


# Rows that an audit draws by default.
_AUDITED = 100


@expand_options
@writes_alone
def explain(
    model: Model,
    data: Data,
    reading: Reading,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where numbers and images go.")],
    row: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="A row to explain. May be given several times."),
    ] = None,
    audit: Annotated[
        bool,
        typer.Option(
            "--audit", help="Test the methods instead: do the tokens they name matter to the model?"
        ),
    ] = False,
    rows: Annotated[
        int | None,
        typer.Option(min=2, metavar="N", help="How many rows an audit draws; by default 100."),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--class", help="The class to explain; by default the predicted one."),
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="The class to hold it against; by default all others.")
    ] = None,
    training: Annotated[
        Path | None,
        typer.Option(
            metavar="DATA",
            help="Where the nearest known rows come from, such as what the model was trained on; "
            "by default the data itself.",
        ),
    ] = None,
    group_by: GroupBy = None,
    strict: Strict = False,
) -> None:
    """Show why rows are predicted as they are: modalities, words, parts of the image, audio.

    Examples: chiasm explain model reviews.csv --row r0001 --row r0002 --out why;
    chiasm explain model reviews.csv --audit --out audit
    """
    from chiasm.encoders.features.cache import FeatureCache
    from chiasm.explanation import rows as explained_rows
    from chiasm.explanation.faithfulness import audit as auditing
    from chiasm.explanation.faithfulness.files import write_audit
    from chiasm.explanation.faithfulness.tables import NOTE, audit_tables
    from chiasm.explanation.files import write_explanations
    from chiasm.explanation.tables import render_explanations
    from chiasm.model.left_out import left_out
    from chiasm.model.storage import load_model
    from chiasm.training.run.record import recorded_group_by

    if audit == bool(row):
        raise DataError("Give the rows to explain (--row ID, several times) or --audit, not both.")
    if audit:
        refuse_without_effect(
            "where rows are explained, not with --audit",
            class_=target,
            against=against,
            training=training,
        )
    else:
        refuse_without_effect("with --audit", rows=rows, group_by=group_by)
    loaded = load_model(model)
    table = reading.read(data, spare_from=(out,))
    say_what_was_read(table)
    if audit:
        audited = auditing.audit(
            loaded,
            table,
            rows=rows or _AUDITED,
            group_by=split_names(group_by) or recorded_group_by(model),
            cache=FeatureCache(),
            strict=strict,
        )
        write_audit(audited, out)
        results.print(audited.finding, highlight=False)
        for text_table in audit_tables(audited):
            results.print(text_table.grid())
        results.print(NOTE, highlight=False)
        notes.print(f"Audit: {out}", highlight=False)
        return
    positions = _positions(table, row or [])
    explanations = explained_rows.explain(
        loaded,
        table,
        rows=positions,
        target=target,
        contrast=against,
        training=None if training is None else reading.read(training, spare_from=(out,)),
        cache=FeatureCache(),
        strict=strict,
    )
    write_explanations(explanations, out)
    results.print(render_explanations(explanations))
    for problem in left_out(table.take(positions), loaded.encoders):
        notes.print(
            f"  row {problem.row}: {problem.field}: {problem.reason} ({problem.detail})",
            style="yellow",
        )
    explained = {one.id for one in explanations}
    for name in row or []:
        if name not in explained:
            notes.print(
                f"  row {name}: nothing readable, nothing to explain", style="yellow", markup=False
            )
    notes.print(f"Numbers and images: {out}", highlight=False)


def _positions(table: "Table", ids: list[str]) -> list[int]:
    """Where the rows of these names are: of several of one name the first, the others set aside."""
    positions = {name: table.ids.index(name) for name in ids if name in table.ids}
    unknown = [name for name in ids if name not in positions]
    if unknown:
        raise DataError(
            f"There is no row {unknown[0]!r} in {table.source}; its rows are called such as "
            f"{', '.join(table.ids[:3])}."
        )
    return [positions[name] for name in dict.fromkeys(ids)]

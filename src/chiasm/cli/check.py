"""The command ``chiasm check``."""

from typing import TYPE_CHECKING

from chiasm.cli.expand import expand_options
from chiasm.cli.options import Data, Encoders, Json, Reading
from chiasm.cli.screen import notes, results
from chiasm.cli.writes_alone import writes_alone
from chiasm.errors import EncoderError
from chiasm.utils.writing import write_json

if TYPE_CHECKING:
    from chiasm.data.table import Table
    from chiasm.encoders.base import Encoder


@expand_options
@writes_alone
def check(data: Data, reading: Reading, encoders: Encoders, json: Json = None) -> None:
    """Look at a data set: classes, duplicates, conflicting labels, leaks, broken files, sizes.

    Texts and audio that are too long for their encoders, and words that these do not know, are
    counted too: for the encoders of a recipe, or those that are named.

    Example: chiasm check reviews.csv --json check.json
    """
    from chiasm.data.checking import report
    from chiasm.data.checking.tables import render
    from chiasm.model.left_out import note_left_out, unsuited_encoders

    table = reading.read(data, spare_from=(json,))
    encoders.refuse_unused(table.kinds)
    loaded = _load(encoders, table)
    found = report.check(note_left_out(table, loaded))
    warnings = unsuited_encoders(table, loaded)
    results.print(render(found))
    for warning in warnings:
        results.print(warning, style="yellow", highlight=False)
    if json is not None:
        write_json(found.as_dict() | {"warnings": warnings}, json)


def _load(encoders: Encoders, table: "Table") -> "dict[str, Encoder]":
    """The encoders of texts and audio, of which they may leave something out."""
    recipe = encoders.read_recipe().for_table(table)
    read = {
        m: kind
        for m, kind in table.kinds.items()
        if kind in ("text", "audio") and m in recipe.encoders
    }
    try:
        return recipe.load_encoders(read) if read else {}
    except EncoderError as error:
        if encoders != Encoders():
            raise
        notes.print(
            f"What is too long for the encoders, or unknown to them, is not counted: {error}",
            style="yellow",
            highlight=False,
        )
        return {}

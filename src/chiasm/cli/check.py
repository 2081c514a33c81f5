"""The command ``chiasm check``."""

from chiasm.cli.expand import expand_options
from chiasm.cli.options import Data, Json, Reading
from chiasm.cli.screen import results
from chiasm.json_files import write_json


@expand_options
def check(data: Data, reading: Reading, json: Json = None) -> None:
    """Look at a data set: classes, duplicates, conflicting labels, leaks, broken files, sizes.

    Example: chiasm check reviews.csv --json check.json
    """
    from chiasm.data import check as checking
    from chiasm.data.check_view import render

    report = checking.check(reading.read(data))
    results.print(render(report))
    if json is not None:
        write_json(report.as_dict(), json)

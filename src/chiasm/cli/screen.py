"""What commands say besides their result."""

import os
import shlex
import sys
from typing import TYPE_CHECKING

from chiasm.cli.torchrun import forget_leftovers
from chiasm.utils.terminal import Terminal

if TYPE_CHECKING:
    from chiasm.data.table import Table

forget_leftovers()
# Of several processes that torchrun started, the first one speaks for all.
is_silent = os.environ.get("RANK", "0") != "0"
# Results go to stdout, all that is said about the work to stderr.
results = Terminal(quiet=is_silent)
notes = Terminal(stderr=True, quiet=is_silent)


def command_line() -> str:
    """The command as it was typed, to be run again."""
    return shlex.join(["chiasm", *sys.argv[1:]])


def say_what_was_read(table: "Table") -> None:
    """One line on the data, and one for each kind of problem in it."""
    encoding = f", {table.encoding}" if table.encoding else ""
    notes.print(
        f"{table.source}: {len(table):,} rows, {len(table.labelled):,} labelled{encoding}",
        highlight=False,
    )
    if table.encoding_note:
        notes.print(f"  {table.encoding}: {table.encoding_note}", style="yellow")
    for (field, reason, action), count in table.count_problems().most_common():
        notes.print(
            f"  {count:,} rows, {field}: {reason} ({action})", style="yellow", highlight=False
        )
